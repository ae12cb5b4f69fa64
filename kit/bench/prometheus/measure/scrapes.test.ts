import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from '../../../test-kit/prometheus.ts';
import { accountOf, durationsOf } from './scrapes.ts';

const seriesOf = (instance: string, ...samples: [number, number][]): Series => ({
  labels: { instance },
  samples,
});
const FIVE_SECONDS = { targets: 2, intervalS: 5, seconds: 20 };

test('an account without failed and missed scrapes has neither, whatever the jitter', () => {
  const ups = [
    seriesOf('a', [0, 1], [5.002, 1], [9.998, 1], [15, 1]),
    seriesOf('b', [1.5, 1], [6.5, 1], [12.1, 1], [16.5, 1]),
  ];
  assert.deepEqual(accountOf(ups, FIVE_SECONDS), { scrapes: 8, failed: 0, missed: 0 });
});

test('a failed scrape, a gap and a target that was never scraped are in the account', () => {
  const ups = [seriesOf('a', [0, 1], [5, 0], [20, 1])];
  assert.deepEqual(accountOf(ups, FIVE_SECONDS), { scrapes: 3, failed: 1, missed: 2 + 4 });
});

test('durations are the quantiles over all scrapes of all targets, in milliseconds', () => {
  const series = Array.from({ length: 50 }, (_, i) => seriesOf(`t${i}`, [0, i / 1000], [5, (i + 50) / 1000]));
  const { median, p99 } = durationsOf(series);
  assert.deepEqual([median, p99].map(Math.round), [49, 98]);
});
