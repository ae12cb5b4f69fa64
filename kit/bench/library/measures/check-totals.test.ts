import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTotals } from './check-totals.ts';

const SIZE = { kind: 'counters', series: 2, workers: 8 } as const;

function shown(...values: number[]): string {
  const lines = values.map((value, i) => `http_requests_total{route="${i}"} ${value}\n`);
  return `# TYPE http_requests_total counter\n${lines.join('')}`;
}

test('a scrape with all counts of all workers passes', () => {
  checkTotals(shown(16, 16), SIZE, 2);
});

test('a scrape without a series or a count is an error', () => {
  assert.throws(() => checkTotals(shown(16), SIZE, 2), /1 of 1 series have the value 16; expected 2 series/);
  assert.throws(
    () => checkTotals(shown(16, 14), SIZE, 2),
    /1 of 2 series have the value 16; expected 2 series/,
  );
});
