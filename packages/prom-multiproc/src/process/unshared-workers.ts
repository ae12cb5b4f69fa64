import cluster, { type Worker } from 'node:cluster';
import type { OriginMetric } from './aggregated-once.ts';

/** Milliseconds to wait for the answer of a worker without a slot. A worker that does not answer is not asked again. */
const ANSWER_MS = 1000;

const ANSWER = /^(?:prom-client|@prometheus-io\/client):getMetricsRes$/;

/** Workers that did not answer in time, for example because they have no aggregator registry. */
const silent = new WeakSet<Worker>();

let asking: Promise<OriginMetric[][]> | undefined;

/** The connected workers of this primary that hold no slot: they do not share or have not counted. */
export function workersWithoutSlot(holders: ReadonlySet<number>): Worker[] {
  const workers = cluster.isPrimary ? Object.values(cluster.workers ?? {}) : [];
  return workers.filter(
    (worker) => worker?.isConnected() && !holders.has(worker.process.pid ?? 0) && !silent.has(worker),
  ) as Worker[];
}

/**
 * Returns the metrics of `workers` that are in no slot, for example during a rollout in which some workers do not share. `ask`
 * is the client's own request to all workers. Shared metrics in the answers are dropped, because the totals include them.
 */
export function askUnshared(
  workers: readonly Worker[],
  ask: () => Promise<unknown>,
): Promise<OriginMetric[][]> {
  asking ??= gather(workers, ask).finally(() => {
    asking = undefined;
  });
  return asking;
}

function gather(workers: readonly Worker[], ask: () => Promise<unknown>): Promise<OriginMetric[][]> {
  const waiting = new Set(workers);
  const lists: OriginMetric[][] = [];
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(limit);
      cluster.off('message', onMessage);
      cluster.off('exit', onExit);
      for (const worker of waiting) silent.add(worker);
      resolve(lists);
    };
    const limit = setTimeout(end, ANSWER_MS);
    const done = (worker: Worker): void => {
      if (waiting.delete(worker) && waiting.size === 0) end();
    };
    const onExit = (worker: Worker): void => done(worker);
    const onMessage = (worker: Worker, message: { type?: unknown; metrics?: OriginMetric[][] }): void => {
      if (!ANSWER.test(String(message?.type)) || !waiting.has(worker)) return;
      for (const list of message.metrics ?? []) lists.push(list.filter(({ shared }) => shared === undefined));
      done(worker);
    };
    cluster.on('message', onMessage);
    cluster.on('exit', onExit);
    // The result is not used: it rejects if any worker does not answer.
    ask().catch(() => {});
  });
}
