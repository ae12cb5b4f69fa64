import assert from 'node:assert/strict';
import test from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { trimHeap } from './trim-heap.ts';

const MEGABYTE = 1024 * 1024;

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!.space_size;

/** Keeps what it allocates, as the loading of modules does. */
function growYoungGeneration(): void {
  const kept: number[][] = [];
  while (youngBytes() < 8 * MEGABYTE) kept.push(Array.from({ length: 100 }, (_, i) => i + 0.5));
}

test('the young generation is as small again as that of a new process', () => {
  growYoungGeneration();
  assert.ok(youngBytes() >= 8 * MEGABYTE);
  trimHeap();
  assert.ok(youngBytes() <= 2 * MEGABYTE, `${youngBytes()} bytes`);
});

test('the application does not get gc()', () => {
  trimHeap();
  assert.equal('gc' in globalThis, false);
});
