import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Report } from '../../stats/comparison.ts';
import { benchFigures, readmeFigures } from './page.ts';
import { asMarkdown, asText } from './table.ts';
import { TARGETS, targetCell } from './targets.ts';

const PEER = '@prometheus-io/client';

function sample(ours: number, prom: number, prometheus: number) {
  return compare({ ours: [ours], ours_again: [ours], 'prom-client': [prom], [PEER]: [prometheus] }, 'ms');
}

const LAW: Report = {
  law_8x100: sample(0.5, 5, 4),
  law_8x1000: sample(0.6, 15, 12),
  law_8x10000: sample(3, 140, 100),
  law_8x100000: compare({ ours: [31], [PEER]: [1100] }, 'ms'),
  law_2x10000: sample(2, 60, 40),
  law_16x10000: sample(4, 280, 200),
};

test('the terminal shows one line for each side, with its ratio to prom-multiproc', () => {
  const text = asText({ scrape_http_8x10000: compare({ ours: [2, 1, 3], 'prom-client': [50] }, 'ms') });
  assert.match(text, /^scrape_http_8x10000 +ours +2 \(1\.\.3\) ms\n/);
  assert.match(text, /scrape_http_8x10000 +prom-client +50 ms, 25 times\n$/);
});

test('the page shows one row for each measure, with the ratio of each peer', () => {
  const rows = asMarkdown({ ...LAW, scrape_http_8x10000: sample(4, 100, 80) }).split('\n');
  assert.deepEqual(rows.slice(2), [
    '| scrape, 10,000 counters | 4 ms | 100 ms (25x) | 80 ms (20x) | ≥20x, ≥15x: yes |',
  ]);
});

test('a count is shown without a unit, and without a ratio where prom-multiproc has 0', () => {
  const lost = compare({ ours: [0], 'prom-client': [700], [PEER]: [600] }, 'of 4500 increments');
  assert.match(asMarkdown({ kill_lost: lost }), /\| increments lost \| 0 \| 700 \| 600 \| ≤0: yes \|$/);
});

test('a measure shows whether all of its targets are held, and nothing for a target that was not measured', () => {
  const report: Report = {
    scrape_http_8x10000: sample(4, 100, 40),
    scrape_first_8x10000: sample(40, 300, 300),
    scrape_ahead_8x10000: sample(15, 300, 300),
    limit_8x10000: compare({ ours: [4], bare_http: [2] }, 'ms'),
    scrape_http_hist_8x1000: sample(4, 100, 80),
    kill_lost: compare({ ours: [0], 'prom-client': [700] }, 'increments'),
    kill_decreases: compare({ ours: [1], 'prom-client': [3] }, 'decreases'),
    inc_labels: sample(60, 200, 150),
    inc_bound: sample(12, 200, 150),
    cpu_per_request_over_without: sample(1.07, 1.1, 1.1),
  };
  const cells = Object.keys(report).map((measure) => targetCell(report, measure));
  assert.deepEqual(cells, [
    '≥20x, ≥15x, ≤2.5x ready-made: **no**',
    '≤4x later scrapes: **no**',
    '≤4x later scrapes: yes',
    '',
    '≥20x, ≥15x: yes',
    '≤0: yes',
    '≤0: **no**',
    '≤0.35x prom-client: yes',
    '≤0.05x prom-client: **no**',
    '≤1.05x no metrics: **no**',
  ]);
  assert.equal(targetCell(report, 'observe_bound'), '');
  assert.equal(targetCell({ scrape_ahead_8x10000: sample(15, 1, 1) }, 'scrape_ahead_8x10000'), '');
});

test('every target is shown in a row of the page', () => {
  const report = Object.fromEntries(TARGETS.map(({ measure }) => [measure, sample(1, 30, 30)]));
  const rows = asMarkdown(report).split('\n').slice(2);
  const held = rows.filter((row) => /: (?:yes|\*\*no\*\*) \|$/.test(row));
  assert.deepEqual([rows.length, held.length], [Object.keys(report).length, Object.keys(report).length]);
});

test('the page states the cost of a series and of a process, and the range of the control run', () => {
  const page = benchFigures(
    {
      cost_per_series: compare({ ours: [300] }, 'ns'),
      cost_per_process: compare({ ours: [100] }, 'us'),
      scrape_http_8x10000: compare({ ours: [4], ours_again: [5] }, 'ms'),
      inc_bound: compare({ ours: [10], ours_again: [9] }, 'ns'),
    },
    '',
  );
  assert.match(page, /each additional series costs a scrape 300 ns/);
  assert.match(page, /each additional process costs 100 us/);
  assert.match(page, /The control, prom-multiproc again, took 0\.9 to 1\.25 times as much\.$/);
});

test('the README shows the median of each side by processes and series, and a peer that timed out', () => {
  const rows = readmeFigures(LAW).split('\n');
  assert.equal(rows.length, 2 + 6);
  assert.ok(rows.includes('| 8 | 10,000 | 3 ms | 140 ms | 100 ms |'));
  assert.ok(rows.includes('| 8 | 100,000 | 31 ms | timed out | 1,100 ms |'));
});

test('a report without scrapes by processes and series does not change the README', () => {
  assert.throws(
    () => readmeFigures({ kill_lost: sample(0, 1, 1) }),
    /no scrapes by processes and series; run `npm run bench -- law`/,
  );
});
