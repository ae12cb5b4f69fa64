import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../src/core/status.ts';

export const statusOf = async (url: string): Promise<Status> =>
  (await fetch(`${url}/status`)).json() as Promise<Status>;

export async function statusWhen(url: string, wanted: (status: Status) => boolean): Promise<Status> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const status = await statusOf(url);
    if (wanted(status)) return status;
    if (performance.now() > deadline) throw new Error(`status stayed ${JSON.stringify(status)}`);
    await delay(20);
  }
}

export const allReady = (status: Status): boolean =>
  status.workers.length === status.workersWanted && status.workers.every((w) => w.state === 'ready');

export const pids = (status: Status): number[] => status.workers.map(({ pid }) => pid);
