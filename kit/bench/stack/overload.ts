import { pollUntilStable } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { difficultClients, type Outcomes } from '../../test-kit/difficult-clients.ts';
import { type Exposition, total } from '../../test-kit/exposition.ts';
import { startLoad } from '../../test-kit/load.ts';
import type { OpenLoopReport } from '../../test-kit/open-loop.ts';
import { scrape } from '../../test-kit/scrape.ts';
import { quantile } from '../stats/spread.ts';
import type { LoadStack } from './stack.ts';
import { p99, startTrial, trial } from './trial.ts';

/** Costs a worker so much processor time that the workers are the bottleneck, not the load generator. */
export const WORK = '/work?ms=5';
const TIMES_THE_LIMIT = 3;
const BELOW_THE_LIMIT = 0.5;
const SATURATING_CLIENTS = 16;
const MAX_CONNECTIONS = 4096;
const SCRAPE_TIMEOUT_MS = 10_000;
const COUNT_DEADLINE = { deadlineMs: 30_000, forMs: 1_000 };

/** Requests per second answered with 200 while clients send without a pause. @throws Error if none is */
export async function saturatedRate(
  stack: LoadStack,
  seconds: number,
  { path = WORK, clients = SATURATING_CLIENTS } = {},
): Promise<number> {
  const began = performance.now();
  const { byStatus } = await startLoad({
    url: stack.publicUrl + path,
    connections: clients,
    maxRequests: 100_000,
    durationMs: seconds * 1000,
    requestTimeoutMs: 10_000,
  }).done;
  const answered = byStatus[200] ?? 0;
  if (answered === 0) throw new Error(`no request to ${path} was answered in ${seconds} s`);
  return (answered / (performance.now() - began)) * 1000;
}

export interface OverloadOptions {
  readonly limit: number;
  readonly seconds: number;
  readonly difficultEach: number;
}

export interface OverloadRound {
  readonly offered: number;
  readonly admittedPerSecond: number;
  readonly shedShare: number;
  readonly beforeP99: number;
  readonly admittedP99: number;
  readonly shedP99: number;
  /** The first second after the overload, and the seconds after that. */
  readonly firstSecondP99: number;
  readonly afterP99: number;
  readonly account: Account;
}

/** Results that the clients saw during the overload, and the counts of the app. */
export interface Account {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  readonly difficult: Outcomes;
  readonly answeredWork: number;
  readonly countedWork: number;
  /** Rejections that clients received, and rejections by the app. The difference was sent by nginx. */
  readonly refused: number;
  readonly shedByApp: number;
  readonly countedHalfSent: number;
  /** Answered and not counted: must be 0. */
  readonly lost: number;
}

/** Sends half of the limit, then three times the limit, then half of it again without a pause. */
export async function overloadRound(
  stack: LoadStack,
  { limit, seconds, difficultEach }: OverloadOptions,
): Promise<OverloadRound> {
  const url = stack.publicUrl + WORK;
  const belowLimit = { url, rate: limit * BELOW_THE_LIMIT };
  const before = await trial({ ...belowLimit, seconds: 3 });
  const countedBefore = await counts(stack);

  const offered = limit * TIMES_THE_LIMIT;
  const difficult = difficultClients(stack.publicUrl, difficultEach, seconds);
  const over = startTrial({ url, rate: offered, seconds, maxConnections: MAX_CONNECTIONS });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const firstSecond = await trial({ ...belowLimit, seconds: 1 });
  const after = await trial({ ...belowLimit, seconds: 3 });

  const report = await over.done;
  const account = accountFor(
    [report, firstSecond, after],
    await difficult,
    countedBefore,
    await counts(stack),
  );
  return {
    offered,
    admittedPerSecond: (report.byStatus[200] ?? 0) / seconds,
    shedShare: rejectedOf(report.byStatus) / report.intended,
    beforeP99: p99(before),
    admittedP99: p99(report),
    shedP99: quantile([...(report.latencies[503] ?? []), ...(report.latencies[429] ?? [])], 0.99),
    firstSecondP99: p99(firstSecond),
    afterP99: p99(after),
    account,
  };
}

function rejectedOf(outcomes: Readonly<Record<string, number>>): number {
  return (outcomes[503] ?? 0) + (outcomes[429] ?? 0);
}

type Counts = Record<'work' | 'half-sent' | 'shed', number>;

function counts(stack: LoadStack): Promise<Counts> {
  const one = (shown: Exposition, route: string) =>
    total(shown, 'http_requests_total', { route, status: '200' });
  return pollUntilStable(
    'the counts',
    async () => {
      const shown = await scrape(`${stack.metricsUrl}/metrics`, SCRAPE_TIMEOUT_MS);
      return {
        work: one(shown, '/work'),
        'half-sent': total(shown, 'http_requests_total', { route: '/half-sent' }),
        shed: total(shown, 'app_requests_shed_total'),
      };
    },
    COUNT_DEADLINE,
  );
}

export function accountFor(
  reports: readonly OpenLoopReport[],
  difficult: Outcomes,
  before: Counts,
  after: Counts,
): Account {
  const byStatus: Record<string, number> = {};
  const failed: Record<string, number> = {};
  let [sent, withoutRetryAfter] = [0, 0];
  for (const report of reports) {
    sent += report.intended;
    withoutRetryAfter += report.withoutRetryAfter;
    for (const [status, n] of Object.entries(report.byStatus)) byStatus[status] = (byStatus[status] ?? 0) + n;
    for (const [cause, n] of Object.entries(report.byCause)) failed[cause] = (failed[cause] ?? 0) + n;
  }
  const answeredWork = byStatus[200] ?? 0;
  const countedWork = after.work - before.work;
  return {
    sent,
    byStatus,
    failed,
    withoutRetryAfter,
    difficult,
    answeredWork,
    countedWork,
    refused:
      rejectedOf(byStatus) +
      Object.values(difficult).reduce((sum, outcomes) => sum + rejectedOf(outcomes), 0),
    shedByApp: after.shed - before.shed,
    countedHalfSent: after['half-sent'] - before['half-sent'],
    lost: Math.max(0, answeredWork - countedWork),
  };
}
