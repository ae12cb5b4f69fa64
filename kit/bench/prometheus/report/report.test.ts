import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measured } from './measured-cell.ts';
import { reportOf } from './report.ts';
import { asText, prometheusTable } from './table.ts';

const MACHINE = { busyBefore: 2, loadAverages: [1.5] };
const CELLS = [10, 500, 10, 500].flatMap((replicas) => [
  measured(replicas, 'merged', { series: 200, samples: 40 }),
  measured(replicas, 'per_worker', { series: 600, samples: 120 }),
]);

test('a report has one entry for each number of replicas and side, with the spread of the rounds', () => {
  const [first, ...others] = CELLS;
  const slow = { ...first!, figures: { ...first!.figures, scrapeMs: 9 } };
  const { cells, failures } = reportOf([slow, ...others], MACHINE);
  assert.deepEqual(
    cells.map(({ replicas, side }) => `${replicas} ${side}`),
    ['10 merged', '10 per_worker', '500 merged', '500 per_worker'],
  );
  assert.deepEqual(cells[0]!.figures.scrapeMs, { median: 9, min: 2, max: 9, unit: 'ms' });
  assert.equal(cells[0]!.figures.chunkBytesPerSample.unit, 'bytes');
  assert.deepEqual(failures, []);
});

test('the table has a row for each number of replicas, one for 10,000 by the law, and the law', () => {
  const lines = prometheusTable(reportOf(CELLS, MACHINE)).split('\n');
  assert.deepEqual(lines.slice(2, 5), [
    '| 10 | 2,000/6,000 | 68/84 | 0.014/0.022 | 2/2 (5/5) |',
    '| 500 | 100,000/300,000 | 460/1,260 | 0.21/0.61 | 2/2 (5/5) |',
    '| **10,000** | 2,000,000/6,000,000 | 8,060/24,100 | 4.01/12 |  |',
  ]);
  assert.deepEqual(lines.slice(6), [
    'Law: 60 MB + 4 kB per series (residual 0 MB);',
    '10 us per sample (residual 0 cores).',
    '10,000 replicas: 400,000/1,200,000 samples/s, 69.2/208 GB a day.',
  ]);
});

test('failed and missed scrapes and missed rules are failures of the run, with where they were', () => {
  const [first, ...others] = CELLS;
  const account = { scrapes: 20, failed: 3, missed: 2, missedRules: 1 };
  const report = reportOf([{ ...first!, account }, ...others], MACHINE);
  assert.deepEqual(report.failures, [
    '10 replicas, merged: 3 of 20 scrapes failed',
    '10 replicas, merged: 2 scrapes did not take place',
    '10 replicas, merged: 1 evaluations of rules did not take place',
  ]);
  assert.match(asText(report), /^FAILED: 10 replicas, merged: 3 of 20 scrapes failed$/m);
});
