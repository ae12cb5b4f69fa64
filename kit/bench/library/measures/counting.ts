import { alternate, compare, type Report } from '../../stats/comparison.ts';
import { runCase } from '../case-process.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

export const COUNTING = [
  'inc_labels',
  'inc_labels_fresh',
  'inc_bound',
  'inc_child',
  'observe_labels',
  'observe_labels_fresh',
  'observe_bound',
  'observe_child',
  'set_child',
] as const;

export async function measureCounting(plan: Plan): Promise<Report> {
  const report: Record<string, Report[string]> = {};
  for (const name of COUNTING) {
    const samples = await alternate(SIDES, plan.countingRounds, (side) => runCase('counting', [name, side]));
    report[name] = compare(samples, 'ns');
  }
  return report;
}
