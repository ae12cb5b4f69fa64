import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntilStable } from '../../../../packages/prom-multiproc/test/support/poll.ts';
import { Random } from '../../../../packages/prom-multiproc/test/support/random.ts';
import { total } from '../../../test-kit/exposition.ts';
import { startOpenLoop } from '../../../test-kit/open-loop.ts';
import { scrape } from '../../../test-kit/scrape.ts';
import { startScraping } from '../../../test-kit/scraping.ts';
import { compare, type Report } from '../../stats/comparison.ts';
import { CaseProcess } from '../case-process.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

const WORKERS = 5;
const RATE = 300;
const SCRAPE_EVERY_MS = 100;
const SCRAPE_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 64;
const STABLE = { deadlineMs: 30_000, forMs: 500 };
const SEED = 20_261_122;

interface KillRound {
  /** Requests answered but not counted. */
  readonly lost: number;
  readonly decreases: number;
  readonly failedScrapes: number;
}

/** Kills workers under load, with the same rate, victims and times on each side. */
export async function measureKills(plan: Plan): Promise<Report> {
  const rounds: Record<string, KillRound[]> = Object.fromEntries(SIDES.map((side) => [side, []]));
  for (let round = 0; round < plan.killRounds; round++) {
    for (const side of SIDES) rounds[side]!.push(await killRound(side, plan, SEED + round));
  }
  const of = (key: keyof KillRound) =>
    Object.fromEntries(Object.entries(rounds).map(([side, all]) => [side, all.map((one) => one[key])]));
  const requests = RATE * plan.killSeconds;
  return {
    kill_lost: compare(of('lost'), `of ${requests} increments`),
    kill_decreases: compare(of('decreases'), 'decreases'),
    kill_failed_scrapes: compare(of('failedScrapes'), 'scrapes'),
  };
}

async function killRound(side: string, plan: Plan, seed: number): Promise<KillRound> {
  const started = await CaseProcess.start<{ app: number; metrics: number }>('kills', [side, String(WORKERS)]);
  try {
    const metricsUrl = `http://127.0.0.1:${started.ready.metrics}/metrics`;
    const durationMs = plan.killSeconds * 1000;
    const scraping = startScraping({
      url: metricsUrl,
      everyMs: SCRAPE_EVERY_MS,
      timeoutMs: SCRAPE_TIMEOUT_MS,
    });
    const load = startOpenLoop({
      url: `http://127.0.0.1:${started.ready.app}/`,
      rate: RATE,
      durationMs,
      maxConnections: MAX_CONNECTIONS,
      timeoutMs: REQUEST_TIMEOUT_MS,
    });
    await kill(started.case, durationMs, plan.kills, new Random(seed));
    const { answered } = await load.done;
    const { decreases, failed } = await scraping.stop();
    const counted = await pollUntilStable(
      `count of ${side}`,
      async () => total(await scrape(metricsUrl, SCRAPE_TIMEOUT_MS), 'requests_total'),
      STABLE,
    );
    return {
      lost: Math.max(0, answered - counted),
      decreases: decreases.length,
      failedScrapes: Object.values(failed).reduce((sum, n) => sum + n, 0),
    };
  } finally {
    await started.case.end();
  }
}

/** Kills at random times, not in the first or last tenth. */
async function kill(app: CaseProcess, durationMs: number, kills: number, random: Random): Promise<void> {
  const began = performance.now();
  const times = Array.from({ length: kills }, () => durationMs * (0.1 + 0.8 * random.next())).sort(
    (a, b) => a - b,
  );
  for (const at of times) {
    await sleep(Math.max(0, began + at - performance.now()));
    await app.request(`kill ${random.int(WORKERS)}`);
  }
}
