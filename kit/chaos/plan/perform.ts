import {
  fillTmpfs,
  killPrimary,
  restartNginx,
  restartPrometheus,
  secondInstance,
  secondStart,
  signalPrimary,
} from '../faults/whole-faults.ts';
import { blockWorker, endByControl, killWorker, stopWorker } from '../faults/worker-faults.ts';
import type { Scene } from '../scene.ts';
import type { Fault } from './plan.ts';

/** Does one fault of the plan. False where it missed, as when its victim had just ended for another reason. */
export function perform(scene: Scene, fault: Fault): Promise<boolean> {
  switch (fault.kind) {
    case 'kill':
      return killWorker(scene, fault, 'KILL');
    case 'abort':
      return killWorker(scene, fault, 'ABRT');
    case 'stick':
      // It is never told to go on: the primary has to notice, and to end it.
      return killWorker(scene, fault, 'STOP');
    case 'stop':
      return stopWorker(scene, fault);
    case 'throw':
      return endByControl(scene, fault, 'throw');
    case 'out-of-memory':
      return endByControl(scene, fault, 'oom');
    case 'block':
      return blockWorker(scene, fault);
    case 'reload':
      return signalPrimary(scene, 'HUP');
    case 'scale-up':
      return signalPrimary(scene, 'TTIN');
    case 'scale-down':
      return signalPrimary(scene, 'TTOU');
    case 'kill-primary':
      return killPrimary(scene, fault);
    case 'restart-nginx':
      return restartNginx(scene);
    case 'restart-prometheus':
      return restartPrometheus(scene);
    case 'fill-tmpfs':
      return fillTmpfs(scene, fault, () => killWorker(scene, fault, 'KILL'));
    case 'second-start':
      // Where nothing is shared there is nothing to refuse.
      return scene.sharing ? secondStart(scene) : Promise.resolve(false);
    case 'second-instance':
      return secondInstance(scene, fault);
  }
}
