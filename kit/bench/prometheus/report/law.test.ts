import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lawOf, needOf } from './law.ts';
import { measured } from './measured-cell.ts';

/** 60 MB and 4 kB for each series, 0.01 cores and 10 us for each sample. */
const CELLS = [10, 100, 500].flatMap((replicas) => [
  measured(replicas, 'merged', { series: 200, samples: 40 }),
  measured(replicas, 'per_worker', { series: 600, samples: 120 }),
]);

const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value / expected - 1) < 1e-9, `${value}, not ${expected}`);

test('the law is the memory of a series and the processor time of a sample', () => {
  const { memory, cpu } = lawOf(CELLS);
  near(memory.intercept, 60);
  near(memory.slope, 0.004);
  near(cpu.intercept, 0.01);
  near(cpu.slope, 1e-5);
});

test('a need is extrapolated by the law from the series and samples of the largest number of replicas', () => {
  const need = needOf(10_000, 'per_worker', CELLS, lawOf(CELLS));
  near(need.series, 6_000_000);
  near(need.samplesPerSecond, 1_200_000);
  near(need.memoryMb, 60 + 24_000);
  near(need.cores, 12.01);
  near(need.diskGbPerDay, (1_200_000 * 86_400 * 2 + 6_000_000 * 60) / 1e9);
});

test('a need of a side that was not measured is an error', () => {
  const merged = CELLS.filter(({ side }) => side === 'merged');
  assert.throws(() => needOf(10_000, 'per_worker', merged, lawOf(merged)), /no figures of per_worker/);
});
