import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';
import {
  BENCH_PAGE,
  BENCH_SCRIPT,
  LOAD_PAGE,
  PROMETHEUS_SCRIPT,
  README,
  SHEDDING_SCRIPT,
  STACK_COST_SCRIPT,
} from './files.ts';
import { benchOptions, figuresFile } from './library/options.ts';
import { withFigures } from './stats/page-figures.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('report.ts reads the file that the benchmark writes, reports/bench.json of the repository', () => {
  const { out } = benchOptions([]);
  assert.equal(figuresFile([]), out);
  assert.equal(relative(ROOT, out), 'reports/bench.json');
  assert.ok(readFileSync(BENCH_PAGE, 'utf8').includes(relative(ROOT, out)));
});

test('--out and the argument of report.ts replace that file', () => {
  assert.equal(benchOptions(['--out', 'other.json']).out, 'other.json');
  assert.equal(figuresFile(['other.json']), 'other.json');
});

for (const [page, script] of [
  [BENCH_PAGE, BENCH_SCRIPT],
  [README, BENCH_SCRIPT],
  [LOAD_PAGE, STACK_COST_SCRIPT],
  [LOAD_PAGE, SHEDDING_SCRIPT],
  [LOAD_PAGE, PROMETHEUS_SCRIPT],
] as const) {
  test(`${relative(ROOT, page)} has a place for the figures of ${script}`, () => {
    assert.ok(existsSync(resolve(ROOT, script)));
    assert.match(withFigures(readFileSync(page, 'utf8'), script, 'figures'), /\nfigures\n/);
  });
}
