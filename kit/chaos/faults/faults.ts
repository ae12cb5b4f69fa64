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
  /** How often it comes in a round: once at least. */
  readonly weight: number;
  /** What it may end, and with that the requests that fail: a worker, nginx, or the application, which sets back every count. */
  readonly ends?: WindowKind;
  /** It takes its time, and the next faults go on beside it. */
  readonly beside?: true;
  /** It needs the stack for itself: what is done beside ends first. */
  readonly alone?: true;
  /** Faults of one name here take turns in the order of the table, whichever of them comes. */
  readonly turns?: string;
  /** Does it. False where it missed, as when its victim had just ended for another reason. */
  perform(scene: Scene, fault: Fault): Promise<boolean>;
}

export type FaultTypes = Readonly<Record<string, FaultType>>;

/** All there is to say of each fault. To add one, add an entry here, and a line to docs/explanation/chaos.md. */
export const FAULTS: FaultTypes = {
  kill: { weight: 27, ends: 'death', perform: killWorker('KILL') },
  stop: { weight: 9, ends: 'death', perform: stopWorker },
  // It is never told to go on: the primary has to notice, and to end it.
  stick: { weight: 2, ends: 'death', perform: killWorker('STOP') },
  abort: { weight: 6, ends: 'death', perform: killWorker('ABRT') },
  throw: { weight: 6, ends: 'death', beside: true, perform: endByControl('throw') },
  'out-of-memory': { weight: 2, ends: 'death', beside: true, perform: endByControl('oom') },
  block: { weight: 3, ends: 'death', beside: true, perform: blockWorker },
  'scale-up': { weight: 2, turns: 'scale', perform: signalPrimary('TTIN') },
  'scale-down': { weight: 2, turns: 'scale', perform: signalPrimary('TTOU') },
  reload: { weight: 2, perform: signalPrimary('HUP') },
  'fill-tmpfs': { weight: 2, ends: 'death', perform: fillTmpfs(killWorker('KILL')) },
  'second-start': { weight: 1, perform: secondStart },
  'second-instance': { weight: 1, perform: secondInstance },
  'restart-nginx': { weight: 1, ends: 'proxy', alone: true, perform: restartNginx },
  'restart-prometheus': { weight: 1, alone: true, beside: true, perform: restartPrometheus },
  'kill-primary': { weight: 1, ends: 'application', alone: true, perform: killPrimary },
};
