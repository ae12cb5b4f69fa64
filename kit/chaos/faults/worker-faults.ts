import type { Status } from '../../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';

/** At least so many workers that run and are ready, so that there is an application to count for. */
const LEAST_RUNNING = 2;
const DEADLINE_MS = 90_000;
const CONTROL_TIMEOUT_MS = 60_000;

/** The worker that the plan means, once there are enough of them to spare one. */
async function victimOf(
  { deaths, stopped, census }: Scene,
  { target }: Fault,
): Promise<Status['workers'][number]> {
  return poll(
    `${LEAST_RUNNING} running workers`,
    async () => {
      const { workers } = await census.now();
      const running = workers.filter(
        ({ pid, state }) => state === 'ready' && !deaths.isVictim(pid) && !stopped.has(pid),
      );
      return running.length >= LEAST_RUNNING + deaths.unnamed ? running[target % running.length] : undefined;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 25 },
  );
}

/** Sends a signal that comes to the end of a worker. False where it was gone already. */
export const killWorker =
  (signal: 'KILL' | 'ABRT' | 'STOP') =>
  async (scene: Scene, fault: Fault): Promise<boolean> => {
    const { pid } = await victimOf(scene, fault);
    const death = scene.expectDeath(fault, pid);
    const { code } = await scene.shell.attempt(`kill -s ${signal} ${pid}`);
    if (code !== 0) scene.deaths.cancel(death);
    return code === 0;
  };

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
  scene.deaths.mayBeStuck(pid, fault.kind);
  scene.stopped.set(pid, goOn);
  return true;
}

/** Asks one of the app's controls to end the worker that takes the request. False where nobody took it. */
export const endByControl =
  (control: 'throw' | 'oom') =>
  async (scene: Scene, fault: Fault): Promise<boolean> => {
    await victimOf(scene, fault);
    const { deaths } = scene;
    // The end may be told before the answer has arrived.
    const death = scene.expectDeath(fault);
    const pid = await post(scene, `/demo/faults/${control}`);
    if (pid === undefined) {
      deaths.cancel(death);
      return false;
    }
    if (!deaths.name(death, pid)) return false;
    try {
      await poll(`the end of ${pid} by ${fault.kind}`, () => (deaths.hasCome(death) ? true : undefined), {
        deadlineMs: DEADLINE_MS,
        everyMs: 25,
      });
    } finally {
      deaths.cancel(death);
    }
    return true;
  };

/** Has a worker do nothing else for a while. */
export async function blockWorker(scene: Scene, fault: Fault): Promise<boolean> {
  await victimOf(scene, fault);
  const pid = await post(scene, `/demo/faults/block?ms=${fault.holdMs}`);
  if (pid === undefined) return false;
  scene.deaths.mayBeStuck(pid, fault.kind);
  scene.stopped.set(pid, async () => void scene.stopped.delete(pid));
  setTimeout(() => scene.stopped.delete(pid), fault.holdMs);
  return true;
}

/** The pid of the worker that took it; undefined where that one died of something else, or no answer came. */
async function post({ stack }: Scene, path: string): Promise<number | undefined> {
  let answer: Response;
  try {
    answer = await fetch(stack.publicUrl + path, {
      method: 'POST',
      signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
    });
  } catch {
    return undefined;
  }
  const body = await answer.text();
  if (answer.status === 202) return (JSON.parse(body) as { pid: number }).pid;
  if (answer.status >= 500) return undefined;
  throw new Error(`POST ${path} answered ${answer.status}: ${body}`);
}
