import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTotals } from './check-totals.ts';

const SIZE = { kind: 'counters', series: 2, workers: 8 } as const;

function shown(...values: number[]): string {
  const lines = values.map((value, i) => `http_requests_total{route="${i}"} ${value}\n`);
  return `# TYPE http_requests_total counter\n${lines.join('')}`;
}

test('a scrape with every count of every worker passes', () => {
  checkTotals(shown(16, 16), SIZE, 2);
});

test('a scrape that lacks a series or a count does not', () => {
  assert.throws(() => checkTotals(shown(16), SIZE, 2), /1 of 1 series shown have 16; there are 2/);
  assert.throws(() => checkTotals(shown(16, 14), SIZE, 2), /1 of 2 series shown have 16; there are 2/);
});
