import assert from 'node:assert/strict';
import { join } from 'node:path';
import { TextReader } from './directory-text.ts';
import { sample } from './sample.ts';
import { add, COUNTER, HISTOGRAM, openWriter } from './slot-files.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

/** Slot 0 (the victim) has counted 5 and slot 1 has counted 100. The reader has read both. */
export function twoSlots(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'slot-0.metrics');
  const [victim, other] = [openWriter(directory), openWriter(directory)];
  add(victim, COUNTER, '/', 5);
  add(victim, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  add(other, COUNTER, '/', 100);
  const reader = new TextReader(t, directory);
  const total = (reader: TextReader) => sample(reader.text(), 'requests_total{route="/"}');
  assert.equal(total(reader), 105);
  return { directory, path, victim, other, reader, total };
}

/** Number of slots that living processes hold. */
export function live(reader: TextReader): number {
  return reader.slots().filter(({ live }) => live).length;
}
