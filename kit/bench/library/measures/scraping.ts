import { setTimeout as delay } from 'node:timers/promises';
import { alternate, type Comparison, compare, type Report } from '../../stats/comparison.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';
import { checkTotals } from './check-totals.ts';
import { measureLimit } from './limit.ts';
import { type Kind, ScrapeTarget, type Size, withTargets } from './scrape-target.ts';

const COUNTERS: Size = { kind: 'counters', series: 10_000, workers: 8 };
const HISTOGRAMS: Size = { kind: 'histograms', series: 1000, workers: 8 };

/** Longer than prom-multiproc needs to read the series ahead of the first scrape. */
const READ_AHEAD_MS = 2000;

/** Every worker counts in every series between two scrapes; with `idle`, in none. */
export async function measureScraping(plan: Plan): Promise<Report> {
  const report: Record<string, Comparison> = {};
  for (const [name, size] of [
    ['8x10000', COUNTERS],
    ['hist_8x1000', HISTOGRAMS],
  ] as const) {
    await withTargets(
      SIDES,
      (side) => ScrapeTarget.cluster(side, size),
      async (target) => {
        const warmUp = await alternate(SIDES, plan.warmUpScrapes, (side) => counted(target(side)));
        for (const side of SIDES) checkTotals(await target(side).body(), size, 1 + warmUp[side]!.length);
        const steady = await alternate(SIDES, plan.scrapes, (side) => counted(target(side)));
        report[`scrape_http_${name}`] = compare(steady, 'ms');
        const idle = await alternate(SIDES, plan.scrapes, (side) => target(side).scrape());
        report[`scrape_http_idle_${name}`] = compare(idle, 'ms');
        const stalls = await alternate(SIDES, plan.stalls, async (side) => {
          await target(side).count();
          return target(side).stall();
        });
        report[size.kind === 'counters' ? 'primary_stall' : 'primary_stall_hist'] = compare(stalls, 'ms');
        const body = Buffer.byteLength(await target('ours').body());
        report[`limit_${name}`] = await measureLimit(plan, size, body, () => counted(target('ours')));
      },
    );
    report[`scrape_first_${name}`] = compare(await first(plan, size, 0), 'ms');
    report[`scrape_ahead_${name}`] = compare(await first(plan, size, READ_AHEAD_MS), 'ms');
  }
  return report;
}

async function counted(target: ScrapeTarget): Promise<number> {
  await target.count();
  return target.scrape();
}

/** First scrape of a new cluster, `waitMs` after its workers have counted. */
function first(plan: Plan, size: { kind: Kind; series: number; workers: number }, waitMs: number) {
  return alternate(SIDES, plan.firstScrapes, async (side) => {
    const target = await ScrapeTarget.cluster(side, size);
    try {
      await delay(waitMs);
      return await target.scrape();
    } finally {
      await target.end();
    }
  });
}
