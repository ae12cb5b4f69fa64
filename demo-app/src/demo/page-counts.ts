import cluster from 'node:cluster';
import type { IncomingMessage } from 'node:http';
import { describeError, type Handler, log } from 'cluster-runtime';
import { register } from 'prom-client';
import { takeSlot } from 'prom-multiproc';

/** The counts of pings on the page: `own` of the worker that responds, and `shared` of all workers. */
export interface Counts {
  readonly worker: number;
  readonly own: number;
  /** Null if there is no correct total. */
  readonly shared: number | null;
  /** Why there is no total: METRICS=0, no shared directory, no counter of pings in the app, or sharing failed. */
  readonly without?: 'off' | 'unshared' | 'no-pings' | 'broken';
  /** Whether the page can kill, block and reload workers. */
  readonly controls: boolean;
}

export interface CountsOptions {
  readonly metrics: boolean;
  /** Undefined if workers share no metrics. */
  readonly metricsDirectory: string | undefined;
  readonly controls: boolean;
}

/**
 * Each worker reads the shared total at most once in this interval, because the route is public. A client whose requests are at least
 * this interval apart never gets an older total than before, whichever worker responds.
 */
export const READ_EVERY_MS = 250;

const PINGS = 'ping_responses_total';

export interface PageCounts {
  /** Counts the pings of this worker. */
  onRequest(req: IncomingMessage): void;
  readonly routes: ReadonlyMap<string, Handler>;
}

/** Counts pings and serves `/demo/counts`. */
export function pageCounts({ metrics, metricsDirectory, controls }: CountsOptions): PageCounts {
  // A variable, so not shared: it counts this worker only and is lost when the worker exits.
  let own = 0;
  const shared = sharedPings(metrics, metricsDirectory);
  const counts = atMostEvery(READ_EVERY_MS, async (): Promise<Counts> => {
    const total = await shared();
    return { worker: cluster.worker?.id ?? 0, own, ...total, controls };
  });

  const onRequest = (req: IncomingMessage): void => {
    if (req.url === '/ping' && req.method === 'GET') own += 1;
  };
  const answer: Handler = async (req, res, next) => {
    if (req.method !== 'GET') {
      next();
      return;
    }
    const body = JSON.stringify(await counts());
    res.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      // A kept-alive connection of the proxy always reaches the same worker. A new one may reach any worker.
      Connection: 'close',
    });
    res.end(body);
  };
  return { onRequest, routes: new Map([['/demo/counts', answer]]) };
}

function sharedPings(
  metrics: boolean,
  metricsDirectory: string | undefined,
): () => Promise<Pick<Counts, 'shared' | 'without'>> {
  if (!metrics) return async () => ({ shared: null, without: 'off' });
  if (metricsDirectory === undefined) return async () => ({ shared: null, without: 'unshared' });
  let reported = '';
  return async () => {
    if (register.getSingleMetric(PINGS) === undefined) return { shared: null, without: 'no-pings' };
    try {
      // Throws if this worker cannot share. It would otherwise show its own count as the total.
      takeSlot();
      const shared = sumOf(await register.getSingleMetricAsString(PINGS));
      reported = '';
      return { shared };
    } catch (error) {
      // Log once and not at each read.
      if (reported !== String(error)) log('error', 'no shared total for the page', describeError(error));
      reported = String(error);
      return { shared: null, without: 'broken' };
    }
  };
}

/** Sums all series in the text of one counter. */
function sumOf(text: string): number {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Calls `make` at most once every `ms`. Further calls in that time get the same result. */
export function atMostEvery<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  let startedAt = 0;
  return () => {
    const now = performance.now();
    if (result === undefined || now - startedAt >= ms) {
      startedAt = now;
      result = make();
    }
    return result;
  };
}
