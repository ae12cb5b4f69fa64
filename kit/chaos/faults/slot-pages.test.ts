import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Counts } from '../observe/scrapes.ts';
import { othersSince, type SlotPages } from './slot-pages.ts';

const counts = (get: number, post = 0, histogram = get): Counts => ({
  GET: { counter: get, histogram },
  POST: { counter: post, histogram: post },
});
const shown = (pages: Record<number, [pid: number, Counts]>, ready = [31, 32, 33]): SlotPages => ({
  pages: Object.entries(pages).map(([slot, [pid, of]]) => ({ slot: Number(slot), pid, counts: of })),
  ready: new Set(ready),
});

const BEFORE = shown({ 0: [31, counts(10)], 1: [32, counts(20, 5)], 2: [33, counts(30)] });

test('the increments of the other slots are added up, without the damaged slot', () => {
  const now = shown({ 0: [31, counts(15)], 1: [32, counts(27, 6)] });
  assert.deepEqual(othersSince(BEFORE, now, 2), { counted: 13, harmed: [] });
});

test('a decrease on the page of another slot is reported', () => {
  const now = shown({ 0: [31, counts(9)], 1: [32, counts(20, 5)] });
  const { harmed } = othersSince(BEFORE, now, 2);
  assert.equal(harmed.length, 2);
  assert.match(harmed[0]!, /^slot 0 was not damaged, but its GET counter decreased by 1$/);
});

test('a running worker that lost an undamaged slot is reported, an exited worker is not', () => {
  const now = shown({ 1: [32, counts(21, 5)] });
  assert.match(
    othersSince(BEFORE, now, 2).harmed[0]!,
    /^slot 0 was not damaged, but running process 31 no longer holds it$/,
  );
  assert.deepEqual(othersSince(BEFORE, { ...now, ready: new Set([32, 33]) }, 2), { counted: 1, harmed: [] });
});

test('a slot that another worker has taken is not compared', () => {
  const now = shown({ 0: [44, counts(2)], 1: [32, counts(21, 5)] }, [44, 32, 33]);
  assert.deepEqual(othersSince(BEFORE, now, 2), { counted: 1, harmed: [] });
});
