import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../stats/comparison.ts';
import { costTable } from './table.ts';

test('a row has the cost of the bare stack, the ratio of the other stacks with its range, and whether the aim is held', () => {
  const table = costTable({
    saturated_app: compare({ ours: [110, 120, 130], bare: [100, 100, 100] }, 'us'),
    saturated_app_over_bare: compare({ ours: [1.1, 1.2, 1.3], bare: [1, 1, 1] }, 'times'),
    memory: compare({ ours: [110], bare: [90], prom_client: [100] }, 'MB'),
    memory_over_bare: compare({ ours: [1.22], bare: [1], prom_client: [1.11] }, 'times'),
    rest: compare({ ours: [4], bare: [0] }, 'ms/s'),
  }).split('\n');
  assert.deepEqual(table.slice(2), [
    '| app, saturated | 100 us |  |  | 1.20x (1.10..1.30) | ≤1.1 of bare: **no** |',
    '| memory of the app | 90 MB |  | 1.11x (1.11..1.11) | 1.22x (1.22..1.22) | ≤1.15 of prom-client: yes |',
    '| app at rest | 0 ms/s |  |  | 4 ms/s | ≤6 ms/s: yes |',
  ]);
});

test('below the table stands what the kit costs without one of its parts', () => {
  const ratios = (value: number) => compare({ ours: [1.2], bare: [1], log_off: [value] }, 'times');
  const table = costTable({ saturated_app_over_bare: ratios(1.1), steady_app_over_bare: ratios(1.15) });
  assert.match(table, /without request log 1\.10x \(1\.10\.\.1\.10\) and 1\.15x \(1\.15\.\.1\.15\)\.$/);
});
