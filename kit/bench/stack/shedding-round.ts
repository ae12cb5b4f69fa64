import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { total } from '../../test-kit/exposition.ts';
import type { OpenLoopReport } from '../../test-kit/open-loop.ts';
import { scrape } from '../../test-kit/scrape.ts';
import { quantile } from '../stats/spread.ts';
import type { LoadStack } from './stack.ts';
import { trial } from './trial.ts';

export const IN_TIME_MS = 500;
export const TIMES_THE_CAPACITY = 3;
/** Docker's proxy needs two descriptors per connection, and exits when it has none left. */
const MAX_CONNECTIONS = 1_000;
const READY_EVERY_MS = 100;
const TIMEOUT_MS = 10_000;
const CALM_MS = 50;
const CALM_DEADLINE = { deadlineMs: 60_000 };

export interface Route {
  readonly path: string;
  readonly what: string;
  /** Clients that send requests without a pause while the capacity is measured. */
  readonly clients: number;
}

export interface SheddingRound {
  /** Requests answered with 200, per second. */
  readonly answered: number;
  /** Those answered within `IN_TIME_MS` of when they were due, per second. */
  readonly inTime: number;
  readonly inTimeShare: number;
  readonly shedShare: number;
  readonly unanswered: number;
  /** Milliseconds to an answer of 200 and to a rejection. */
  readonly p50: number;
  readonly p99: number;
  readonly shedP99: number;
  /** Share of the requests for `/readyz` during the round that got 200. */
  readonly readyShare: number;
}

/** Sends three times the capacity in an open loop and polls `/readyz` through nginx. @throws Error if an answer was not counted */
export async function sheddingRound(
  stack: LoadStack,
  { path }: Route,
  capacity: number,
  seconds: number,
): Promise<SheddingRound> {
  const before = await countedOf(stack, path);
  const polling = pollReadiness(stack);
  const rate = capacity * TIMES_THE_CAPACITY;
  const report = await trial({ url: stack.publicUrl + path, rate, seconds, maxConnections: MAX_CONNECTIONS });
  const statuses = await polling.stop();
  await calm(stack);
  const counted = (await countedOf(stack, path)) - before;
  const answered = report.byStatus[200] ?? 0;
  if (answered > counted)
    throw new Error(`${answered} requests to ${path} were answered, but only ${counted} were counted`);
  return {
    ...roundOf(report, seconds),
    readyShare: statuses.filter((status) => status === 200).length / statuses.length,
  };
}

export function roundOf(report: OpenLoopReport, seconds: number): Omit<SheddingRound, 'readyShare'> {
  const { 200: served = [], 429: tooMany = [], 503: overloaded = [] } = report.latencies;
  const inTime = served.filter((ms) => ms <= IN_TIME_MS).length;
  const shed = [...tooMany, ...overloaded];
  return {
    answered: served.length / seconds,
    inTime: inTime / seconds,
    inTimeShare: served.length === 0 ? 0 : inTime / served.length,
    shedShare: shed.length / report.intended,
    unanswered: report.intended - served.length - shed.length,
    p50: quantile(served, 0.5),
    p99: quantile(served, 0.99),
    shedP99: quantile(shed, 0.99),
  };
}

async function countedOf(stack: LoadStack, path: string): Promise<number> {
  const route = path.split('?', 1)[0]!;
  const shown = await scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
  return total(shown, 'http_requests_total', { route, status: '200' });
}

function pollReadiness(stack: LoadStack): { stop(): Promise<number[]> } {
  const statuses: Promise<number>[] = [];
  const timer = setInterval(() => statuses.push(readiness(stack)), READY_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return Promise.all(statuses);
    },
  };
}

/** HTTP status of `/readyz`; 0 without an answer. */
async function readiness(stack: LoadStack): Promise<number> {
  try {
    const response = await fetch(`${stack.publicUrl}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}

/** Waits until the requests of the last round have ended. */
async function calm(stack: LoadStack): Promise<void> {
  await poll(
    `an answer of 200 within ${CALM_MS} ms`,
    async () => {
      const began = performance.now();
      return (await readiness(stack)) === 200 && performance.now() - began < CALM_MS ? true : undefined;
    },
    CALM_DEADLINE,
  );
}
