import type { Status } from '../../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';

/** Ready workers that must remain, so the app keeps answering. */
const LEAST_RUNNING = 2;
const DEADLINE_MS = 90_000;
const CONTROL_TIMEOUT_MS = 60_000;

/** Worker that the plan selects. Waits until enough workers are ready. */
async function victimOf(
  { exits, stopped, status }: Scene,
  { target }: Fault,
): Promise<Status['workers'][number]> {
  return poll(
    `${LEAST_RUNNING} running workers`,
    async () => {
      const { workers } = await status.now();
      const running = workers.filter(
        ({ pid, state }) => state === 'ready' && !exits.isVictim(pid) && !stopped.has(pid),
      );
      return running.length >= LEAST_RUNNING + exits.unidentified
        ? running[target % running.length]
        : undefined;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 25 },
  );
}

/** Sends a signal that ends a worker. Returns false if it has exited already. */
export const killWorker =
  (signal: 'KILL' | 'ABRT' | 'STOP') =>
  async (scene: Scene, fault: Fault): Promise<boolean> => {
    const { pid } = await victimOf(scene, fault);
    const expected = scene.expectExit(fault, pid);
    const { code } = await scene.shell.attempt(`kill -s ${signal} ${pid}`);
    if (code !== 0) scene.exits.cancel(expected);
    return code === 0;
  };

/** Stops a worker for a while. The next faults do not wait for it. */
export async function stopWorker(scene: Scene, fault: Fault): Promise<boolean> {
  const { pid } = await victimOf(scene, fault);
  const { code } = await scene.shell.attempt(`kill -s STOP ${pid}`);
  if (code !== 0) return false;
  const resume = async () => {
    clearTimeout(timer);
    if (scene.stopped.delete(pid)) await scene.shell.attempt(`kill -s CONT ${pid}`);
  };
  const timer = setTimeout(() => void resume(), fault.holdMs);
  scene.exits.mayBeStuck(pid, fault.kind);
  scene.stopped.set(pid, resume);
  return true;
}

/** Ends the worker that receives a request to a fault control of the app. Returns false if no worker received it. */
export const endByControl =
  (control: 'throw' | 'oom') =>
  async (scene: Scene, fault: Fault): Promise<boolean> => {
    await victimOf(scene, fault);
    const { exits } = scene;
    // The exit may be logged before the answer arrives.
    const expected = scene.expectExit(fault);
    const pid = await post(scene, `/demo/faults/${control}`);
    if (pid === undefined) {
      exits.cancel(expected);
      return false;
    }
    if (!exits.identify(expected, pid)) return false;
    try {
      await poll(`exit of ${pid} by ${fault.kind}`, () => (exits.hasExited(expected) ? true : undefined), {
        deadlineMs: DEADLINE_MS,
        everyMs: 25,
      });
    } finally {
      exits.cancel(expected);
    }
    return true;
  };

/** Blocks the event loop of a worker for a while. */
export async function blockWorker(scene: Scene, fault: Fault): Promise<boolean> {
  await victimOf(scene, fault);
  const pid = await post(scene, `/demo/faults/block?ms=${fault.holdMs}`);
  if (pid === undefined) return false;
  scene.exits.mayBeStuck(pid, fault.kind);
  scene.stopped.set(pid, async () => void scene.stopped.delete(pid));
  setTimeout(() => scene.stopped.delete(pid), fault.holdMs);
  return true;
}

/** Pid of the worker that received the request; undefined without an answer. @throws Error on a 4xx answer */
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
