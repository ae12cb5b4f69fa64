import type { WindowKind } from '../observe/windows.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';
import {
  fillTmpfs,
  killPrimary,
  restartNginx,
  restartPrometheus,
  secondInstance,
  secondStart,
  signalPrimary,
} from './whole-faults.ts';
import { blockWorker, endByControl, killWorker, stopWorker } from './worker-faults.ts';

export interface FaultType {
  /** Number of times in a round, at least 1. */
  readonly weight: number;
  /** What the fault may end: a worker, nginx, or the application, which resets every count. Requests to it may then fail. */
  readonly ends?: WindowKind;
  /** The next fault starts while this one runs. */
  readonly concurrent?: true;
  /** Waits until the concurrent faults have ended. */
  readonly exclusive?: true;
  /** Faults with the same value here take turns, in the order of the table. */
  readonly alternates?: string;
  /** Injects the fault. Returns false if it missed, for example because its victim had just exited. */
  perform(scene: Scene, fault: Fault): Promise<boolean>;
}

export type FaultTypes = Readonly<Record<string, FaultType>>;

/** The faults. To add one, add an entry here and in docs/explanation/chaos.md. */
export const FAULTS: FaultTypes = {
  kill: { weight: 27, ends: 'worker', perform: killWorker('KILL') },
  stop: { weight: 9, ends: 'worker', perform: stopWorker },
  // It gets no SIGCONT: the primary must detect and kill it.
  stick: { weight: 2, ends: 'worker', perform: killWorker('STOP') },
  abort: { weight: 6, ends: 'worker', perform: killWorker('ABRT') },
  throw: { weight: 6, ends: 'worker', concurrent: true, perform: endByControl('throw') },
  'out-of-memory': { weight: 2, ends: 'worker', concurrent: true, perform: endByControl('oom') },
  block: { weight: 3, ends: 'worker', concurrent: true, perform: blockWorker },
  'scale-up': { weight: 2, alternates: 'scale', perform: signalPrimary('TTIN') },
  'scale-down': { weight: 2, alternates: 'scale', perform: signalPrimary('TTOU') },
  reload: { weight: 2, perform: signalPrimary('HUP') },
  'fill-tmpfs': { weight: 2, ends: 'worker', perform: fillTmpfs(killWorker('KILL')) },
  'second-start': { weight: 1, perform: secondStart },
  'second-instance': { weight: 1, perform: secondInstance },
  'restart-nginx': { weight: 1, ends: 'proxy', exclusive: true, perform: restartNginx },
  'restart-prometheus': { weight: 1, exclusive: true, concurrent: true, perform: restartPrometheus },
  'kill-primary': { weight: 1, ends: 'application', exclusive: true, perform: killPrimary },
};
