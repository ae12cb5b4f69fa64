import { alternate, type Comparison, compare, comparisonOf, type Report } from '../../stats/comparison.ts';
import { medianSlope, type Point } from '../../stats/slope.ts';
import type { Spread } from '../../stats/spread.ts';
import type { Plan } from '../plan.ts';
import { PEERS } from '../sides.ts';
import { ScrapeTarget, withTargets } from './scrape-target.ts';

const WORKERS = 8;
const SERIES = 10_000;
const ALL_SERIES = [100, 1000, 10_000, 100_000];
const ALL_WORKERS = [2, 4, 8, 16];
/** Long scrapes need fewer warm-up rounds. */
const warmUp = (series: number): number => (series > SERIES ? 3 : 8);
const NS_PER_MS = 1e6;
const US_PER_MS = 1e3;

/** Time of a scrape by number of series and of processes. Every process counts in every series between two scrapes. */
export async function measureLaw(plan: Plan): Promise<Report> {
  const seriesSteps = ALL_SERIES.filter((series) => series <= plan.largestSeries);
  const sizes = [
    ...seriesSteps.map((series) => ({ series, workers: WORKERS })),
    ...ALL_WORKERS.filter((workers) => workers !== WORKERS).map((workers) => ({ series: SERIES, workers })),
  ];
  const report: Record<string, Comparison> = {};
  for (const size of sizes) report[lawName(size)] = await measureSize(plan, size);
  return {
    ...report,
    cost_per_series: slopes(
      report,
      seriesSteps.map((series) => ({ x: series, name: lawName({ series, workers: WORKERS }) })),
      { factor: NS_PER_MS, unit: 'ns' },
    ),
    cost_per_process: slopes(
      report,
      ALL_WORKERS.map((workers) => ({ x: workers, name: lawName({ series: SERIES, workers }) })),
      { factor: US_PER_MS, unit: 'us' },
    ),
  };
}

export function lawName({ series, workers }: { series: number; workers: number }): string {
  return `law_${workers}x${series}`;
}

async function measureSize(plan: Plan, size: { series: number; workers: number }): Promise<Comparison> {
  const sides = ['ours', ...PEERS];
  const failed = new Set<string>();
  const samples = await withTargets(
    sides,
    (side) => ScrapeTarget.cluster(side, { kind: 'counters', ...size }),
    async (target) => {
      const sample = async (side: string): Promise<number> => {
        if (failed.has(side)) return Number.NaN;
        await target(side).count();
        try {
          return await target(side).scrape();
        } catch (error) {
          if (side === 'ours') throw error;
          // A peer's scrape fails after 5 s. The other sides are still measured.
          process.stderr.write(`${lawName(size)}: ${side} failed: ${error}\n`);
          failed.add(side);
          return Number.NaN;
        }
      };
      await alternate(sides, Math.min(warmUp(size.series), plan.warmUpScrapes), sample);
      return alternate(sides, plan.lawScrapes, sample);
    },
  );
  return compare(Object.fromEntries(Object.entries(samples).filter(([side]) => !failed.has(side))), 'ms');
}

function slopes(
  report: Report,
  steps: readonly { readonly x: number; readonly name: string }[],
  { factor, unit }: { factor: number; unit: string },
): Comparison {
  const sides = ['ours', ...PEERS].map((side) => {
    const points: Point[] = steps.flatMap(({ x, name }) => {
      const measured = report[name]![side] as Spread | undefined;
      return measured === undefined ? [] : [{ x, y: measured.median }];
    });
    const { median, min, max } = medianSlope(points);
    return [side, { median: median * factor, min: min * factor, max: max * factor, unit }] as const;
  });
  return comparisonOf(Object.fromEntries(sides));
}
