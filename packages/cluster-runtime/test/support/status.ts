import { until } from '../../../prom-multiproc/test/support/poll.ts';
import type { Status } from '../../src/core/status.ts';

export const statusOf = async (url: string): Promise<Status> =>
  (await fetch(`${url}/status`)).json() as Promise<Status>;

export function statusWhen(url: string, wanted: (status: Status) => boolean): Promise<Status> {
  let status: Status;
  return until(
    () => `the wanted status, not ${JSON.stringify(status)}`,
    async () => {
      status = await statusOf(url);
      return wanted(status) && status;
    },
  );
}

export const allReady = (status: Status): boolean =>
  status.workers.length === status.workersDesired && status.workers.every((w) => w.state === 'ready');

export const pids = (status: Status): number[] => status.workers.map(({ pid }) => pid);
