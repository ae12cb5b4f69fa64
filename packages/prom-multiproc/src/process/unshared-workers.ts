import cluster, { type Worker } from 'node:cluster';
import type { OriginMetric } from './aggregated-once.ts';

/** Milliseconds that a worker that holds no slot has to answer, once: a scrape waits for no worker that it knows of. */
const ANSWER_MS = 1000;

const ANSWER = /^(?:prom-client|@prometheus-io\/client):getMetricsRes$/;

/** Workers that did not answer in time, as where the application does not aggregate in them: not waited for again. */
const silent = new WeakSet<Worker>();

let asking: Promise<OriginMetric[][]> | undefined;

/** The connected workers of this primary that hold no slot: they have not counted, or do not share. */
export function workersWithoutSlot(holders: ReadonlySet<number>): Worker[] {
  const workers = cluster.isPrimary ? Object.values(cluster.workers ?? {}) : [];
  return workers.filter(
    (worker) => worker?.isConnected() && !holders.has(worker.process.pid ?? 0) && !silent.has(worker),
  ) as Worker[];
}

/**
 * What `workers` have counted that is in no slot, as during a rollout in which some do not share. `ask` is the client's own
 * question to all workers; what those that share answer is in the totals.
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
    // Of no use here: it fails where one of all workers does not answer.
    ask().catch(() => {});
  });
}
