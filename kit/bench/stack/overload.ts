import { pollUntilStable } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { difficultClients, type Outcomes } from '../../test-kit/difficult-clients.ts';
import { type Exposition, total } from '../../test-kit/exposition.ts';
import { startLoad } from '../../test-kit/load.ts';
import type { OpenLoopReport } from '../../test-kit/open-loop.ts';
import { scrape } from '../../test-kit/scrape.ts';
import { quantile } from '../stats/spread.ts';
import type { LoadStack } from './stack.ts';
import { p99, startTrial, trial } from './trial.ts';

/** A request that costs a worker so much: the limit is then the workers', and not the generator's on the same processors. */
export const WORK = '/work?ms=5';
const TIMES_THE_LIMIT = 3;
const BELOW_THE_LIMIT = 0.5;
const SATURATING_CLIENTS = 16;
const MAX_CONNECTIONS = 4096;
const SCRAPE_TIMEOUT_MS = 10_000;
const COUNT_DEADLINE = { deadlineMs: 30_000, forMs: 1_000 };

/** Requests a second that are answered with 200 where a few clients ask without a pause: all that the workers can do. */
export async function mostAnswered(
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
  /** Of the second that began when the overload ended, and of the seconds after it. */
  readonly firstSecondP99: number;
  readonly afterP99: number;
  readonly account: Account;
}

/** Of the overload alone: what the clients saw beside what the application counted. */
export interface Account {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  readonly difficult: Outcomes;
  readonly answeredWork: number;
  readonly countedWork: number;
  /** Refusals that clients saw, and those of them that were the app's; the others nginx gave by itself. */
  readonly refused: number;
  readonly shedByApp: number;
  readonly countedHalfSent: number;
  /** Answered and not counted: must be none. */
  readonly lost: number;
}

/** Calm, then more than can be done, then calm again without a pause in between. */
export async function overloadRound(
  stack: LoadStack,
  { limit, seconds, difficultEach }: OverloadOptions,
): Promise<OverloadRound> {
  const url = stack.publicUrl + WORK;
  const calm = { url, rate: limit * BELOW_THE_LIMIT };
  const before = await trial({ ...calm, seconds: 3 });
  const countedBefore = await counts(stack);

  const offered = limit * TIMES_THE_LIMIT;
  const difficult = difficultClients(stack.publicUrl, difficultEach, seconds);
  const over = startTrial({ url, rate: offered, seconds, maxConnections: MAX_CONNECTIONS });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const firstSecond = await trial({ ...calm, seconds: 1 });
  const after = await trial({ ...calm, seconds: 3 });

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
    shedShare: refusedOf(report.byStatus) / report.intended,
    beforeP99: p99(before),
    admittedP99: p99(report),
    shedP99: quantile([...(report.latencies[503] ?? []), ...(report.latencies[429] ?? [])], 0.99),
    firstSecondP99: p99(firstSecond),
    afterP99: p99(after),
    account,
  };
}

function refusedOf(outcomes: Readonly<Record<string, number>>): number {
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
      refusedOf(byStatus) + Object.values(difficult).reduce((sum, outcomes) => sum + refusedOf(outcomes), 0),
    shedByApp: after.shed - before.shed,
    countedHalfSent: after['half-sent'] - before['half-sent'],
    lost: Math.max(0, answeredWork - countedWork),
  };
}
