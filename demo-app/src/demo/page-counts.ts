import cluster from 'node:cluster';
import { describeError, type Handler, log, ownRoutes } from 'cluster-runtime';
import { Counter, register } from 'prom-client';
import { takeSlot } from 'prom-multiproc';

/** What the page shows: the pings as the worker that answers has counted them, and as all of them have. */
export interface Counts {
  readonly worker: number;
  readonly own: number;
  /** Null where there is no true number. */
  readonly shared: number | null;
  /** Why there is none: nothing is measured, each worker counts for itself, the app has no pings, the sharing is broken. */
  readonly without?: 'off' | 'unshared' | 'no-pings' | 'broken';
  /** Whether workers can be killed, blocked and reloaded from the page. */
  readonly controls: boolean;
}

export interface CountsOptions {
  readonly metrics: boolean;
  /** Undefined where each worker counts for itself. */
  readonly metricsDirectory: string | undefined;
  readonly controls: boolean;
}

/**
 * Public, so each worker reads the shared total no more often than this, whoever asks. Where one client asks one time after
 * the other, this far apart, no total is older than the one it had before, whichever worker answers.
 */
export const READ_EVERY_MS = 250;

const PINGS = 'ping_responses_total';

/** For the page alone: without it the app is the same. */
export function pageCounts({ metrics, metricsDirectory, controls }: CountsOptions): Handler[] {
  // A counter as plain prom-client has it: this worker's own, and gone with it.
  const own = new Counter({
    name: 'demo_own_ping_responses_total',
    help: 'Answers to /ping of this worker alone: wrong on purpose',
    registers: [],
  });
  const shared = sharedPings(metrics, metricsDirectory);
  const counts = atMostEvery(READ_EVERY_MS, async (): Promise<Counts> => {
    const [{ values }, total] = await Promise.all([own.get(), shared()]);
    return { worker: cluster.worker?.id ?? 0, own: values[0]?.value ?? 0, ...total, controls };
  });

  const countPing: Handler = (req, _res, next) => {
    if (req.url === '/ping' && req.method === 'GET') own.inc();
    next();
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
      // The proxy asks anew over another connection, which any worker may take: one kept open always leads to the same.
      Connection: 'close',
    });
    res.end(body);
  };
  return [countPing, ownRoutes(new Map([['/demo/counts', answer]]))];
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
      // Throws where this worker cannot share: it would otherwise show what it counted alone.
      takeSlot();
      const shared = sumOf(await register.getSingleMetricAsString(PINGS));
      reported = '';
      return { shared };
    } catch (error) {
      // Once, not at each reading.
      if (reported !== String(error)) log('error', 'no shared total for the page', describeError(error));
      reported = String(error);
      return { shared: null, without: 'broken' };
    }
  };
}

/** Of all series in the text of one counter. */
function sumOf(text: string): number {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** One answer serves all who ask while it is made and until `ms` after it was begun. */
export function atMostEvery<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  let begun = 0;
  return () => {
    const now = performance.now();
    if (made === undefined || now - begun >= ms) {
      begun = now;
      made = make();
    }
    return made;
  };
}
