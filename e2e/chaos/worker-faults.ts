import { poll } from '../../scripts/measure/poll.ts';
import type { WorkerStatus } from '../stack.ts';
import type { Fault } from './plan.ts';
import type { Scene } from './scene.ts';

/** At least so many workers that run and are ready, so that there is an application to count for. */
const LEAST_RUNNING = 2;
const DEADLINE_MS = 90_000;
/** After the answer to a control that should end its worker: a fault that has not come by then has missed. */
const MISSED_MS = 5_000;
const CONTROL_TIMEOUT_MS = 60_000;

/** The worker that the plan means, once there are enough of them to spare one. */
async function victimOf({ deaths, stopped, census }: Scene, { target }: Fault): Promise<WorkerStatus> {
  return poll(
    `${LEAST_RUNNING} running workers`,
    async () => {
      const { workers } = await census.now();
      const running = workers.filter(
        ({ pid, state }) => state === 'ready' && !deaths.isVictim(pid) && !stopped.has(pid),
      );
      return running.length >= LEAST_RUNNING ? running[target % running.length] : undefined;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 25 },
  );
}

/** Ends a worker by a signal. False where it was gone already. */
export async function killWorker(scene: Scene, fault: Fault, signal: 'KILL' | 'ABRT'): Promise<boolean> {
  const { pid } = await victimOf(scene, fault);
  const death = scene.deaths.expect(fault.kind, pid);
  const { code } = await scene.shell.attempt(`kill -s ${signal} ${pid}`);
  if (code !== 0) scene.deaths.cancel(death);
  return code === 0;
}

/** Has a worker stand still for a while. It is left to itself: the next faults meet a stopped worker. */
export async function stopWorker(scene: Scene, fault: Fault): Promise<boolean> {
  const { pid } = await victimOf(scene, fault);
  const { code } = await scene.shell.attempt(`kill -s STOP ${pid}`);
  if (code !== 0) return false;
  const goOn = async () => {
    clearTimeout(timer);
    if (scene.stopped.delete(pid)) await scene.shell.attempt(`kill -s CONT ${pid}`);
  };
  const timer = setTimeout(() => void goOn(), fault.holdMs);
  scene.stopped.set(pid, goOn);
  return true;
}

/** Asks one of the app's controls to end the worker that takes the request. False where it met one that died anyway. */
export async function endByControl(scene: Scene, fault: Fault, control: 'throw' | 'oom'): Promise<boolean> {
  await victimOf(scene, fault);
  const death = scene.deaths.expect(fault.kind);
  const status = await post(scene, `/demo/faults/${control}`);
  if (status === 404 || status === 405)
    throw new Error(`/demo/faults/${control} answered ${status}: no such control`);
  const since = Date.now();
  return poll(
    `the end of ${fault.kind}`,
    () => {
      if (scene.deaths.hasCome(death)) return true;
      if (Date.now() - since < MISSED_MS) return undefined;
      scene.deaths.cancel(death);
      return false;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 25 },
  );
}

/** Has a worker do nothing else for a while. */
export async function blockWorker(scene: Scene, fault: Fault): Promise<boolean> {
  await victimOf(scene, fault);
  const status = await post(scene, `/demo/faults/block?ms=${fault.holdMs}`);
  if (status === 404 || status === 405)
    throw new Error(`/demo/faults/block answered ${status}: no such control`);
  return status === 200 || status === 204;
}

/** The status, or 0 where no answer came. */
async function post({ stack }: Scene, path: string): Promise<number> {
  try {
    const answer = await fetch(stack.publicUrl + path, {
      method: 'POST',
      signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    // The worker died with the request in its hands: that is what was asked for. Whether it did, its exit tells.
    return 0;
  }
}
