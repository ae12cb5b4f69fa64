import { alternate, type Comparison, compare } from '../../stats/comparison.ts';
import { runCase } from '../case-process.ts';
import type { Plan } from '../plan.ts';
import { ScrapeTarget, type Size } from './scrape-target.ts';

const CELLS = { counters: 1, histograms: 14 };
const LIMITS = ['additions', 'copy'] as const;

/** Compares a scrape of ours with its lower bounds: one addition per cell, one copy of the body, a server with a constant body. */
export async function measureLimit(
  plan: Plan,
  { kind, series, workers }: Size,
  bodyBytes: number,
  scrapeOurs: () => Promise<number>,
): Promise<Comparison> {
  const bare = await ScrapeTarget.bareHttp(bodyBytes);
  try {
    for (let i = 0; i < plan.scrapes; i++) await bare.scrape();
    const served = await alternate(['ours', 'bare_http'], plan.scrapes, (side) =>
      side === 'ours' ? scrapeOurs() : bare.scrape(),
    );
    const args = [String(workers), String(series * CELLS[kind]), String(bodyBytes)];
    const limits = await alternate(LIMITS, plan.memoryRounds, (what) => runCase('limit', [what, ...args]));
    return compare({ ...served, ...limits }, 'ms');
  } finally {
    await bare.end();
  }
}
