import { getText } from '../../kit/test-kit/scrape.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { WORKERS } from './stack.ts';

/** Longest wait for an answer, in case the stack hangs. */
const ANSWER_TIMEOUT_MS = 20_000;
const SETTLE_DEADLINE_MS = 180_000;

interface Addresses {
  readonly publicUrl: string;
  readonly metricsUrl: string;
}

export async function readStatus({ metricsUrl }: Pick<Addresses, 'metricsUrl'>): Promise<Status> {
  return JSON.parse(await getText(`${metricsUrl}/status`, ANSWER_TIMEOUT_MS)) as Status;
}

/** Waits until all workers are ready and requests are answered. */
export function settled(addresses: Addresses): Promise<Status> {
  return poll(
    `${WORKERS} ready workers`,
    async () => {
      const status = await readStatus(addresses);
      const ready = status.workers.filter((worker) => worker.state === 'ready');
      if (ready.length !== WORKERS || status.workers.length !== WORKERS) {
        throw new Error(JSON.stringify(status));
      }
      await getText(`${addresses.publicUrl}/readyz`, ANSWER_TIMEOUT_MS);
      return status;
    },
    { deadlineMs: SETTLE_DEADLINE_MS },
  );
}
