import { parseExposition, type Sample } from '../../../test-kit/exposition.ts';
import type { Size } from './scrape-target.ts';

const COUNTED = { counters: 'http_requests_total', histograms: 'http_request_duration_seconds_count' };

/** Checks that a scrape shows every series with the counts of all workers. @throws Error if not */
export function checkTotals(body: string, { kind, series, workers }: Size, times: number): void {
  const shown = [...parseExposition(body).values()].filter(({ name }: Sample) => name === COUNTED[kind]);
  const right = shown.filter(({ value }) => value === workers * times);
  if (shown.length !== series || right.length !== series) {
    throw new Error(
      `${right.length} of ${shown.length} series have the value ${workers * times}; expected ${series} series`,
    );
  }
}
