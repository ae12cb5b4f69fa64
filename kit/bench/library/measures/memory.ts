import { alternate, compare, type Report } from '../../stats/comparison.ts';
import { runCase } from '../case-process.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

/** Process and metric type of each measure. Peers keep no memory for scrapes, so only ours has a reader. */
const MEASURES = {
  bytes_per_series: ['worker', 'counters'],
  bytes_per_series_hist: ['worker', 'histograms'],
  bytes_per_series_reader: ['reader', 'counters'],
  bytes_per_series_reader_hist: ['reader', 'histograms'],
} as const;

export async function measureMemory(plan: Plan): Promise<Report> {
  const report: Record<string, Report[string]> = {};
  for (const [name, [where, kind]] of Object.entries(MEASURES)) {
    const sides = where === 'worker' ? SIDES : ['ours', 'ours_again'];
    const samples = await alternate(sides, plan.memoryRounds, (side) =>
      runCase('memory', [where, kind, side], ['--expose-gc']),
    );
    report[name] = compare(samples, 'bytes');
  }
  return report;
}
