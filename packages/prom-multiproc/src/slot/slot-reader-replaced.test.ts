/** Slot files that are removed, truncated or replaced after a reader has read them. */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { sample } from '../../test/support/sample.ts';
import { add, COUNTER, GAUGE, HISTOGRAM, openWriter } from '../../test/support/slot-files.ts';
import { live, twoSlots } from '../../test/support/two-slots.ts';
import { clearDirectory } from '../clear-directory.ts';
import { HEADER_BYTES } from '../format/layout.ts';
import { MAX_REPLACED } from '../merge/directory-reader.ts';

test('the totals keep the last good values of a removed file, and add the file of a successor', (t) => {
  const { directory, path, victim, other, reader, total } = twoSlots(t);
  unlinkSync(path);
  add(victim, COUNTER, '/', 1);
  assert.equal(total(reader), 105, 'later counts of its holder are lost');
  victim.close();
  assert.equal(total(reader), 105);
  for (let round = 1; round <= 2; round++) {
    const successor = openWriter(directory, { now: 86_400 + round });
    assert.equal(successor.slot, 0);
    add(successor, COUNTER, '/', 7);
    add(other, COUNTER, '/', 1);
    assert.equal(total(reader), 105 + 8 * round);
    assert.equal(reader.slots().filter(({ error }) => error !== undefined).length, round);
    assert.equal(live(reader), 2);
    unlinkSync(path);
    assert.equal(total(reader), 105 + 8 * round);
    successor.close();
  }
  assert.equal(reader.errors.length, 3, 'each is reported once');
});

test('the totals keep all counts of repeatedly replaced files, in bounded memory', (t) => {
  const { directory, path, victim, other, reader, total } = twoSlots(t);
  victim.close();
  const replaced = 3 * MAX_REPLACED;
  for (let round = 1; round <= replaced; round++) {
    unlinkSync(path);
    const successor = openWriter(directory, { now: 86_400 + round });
    add(successor, COUNTER, '/', 7);
    add(successor, GAUGE, '/', 1);
    add(successor, COUNTER, `of round ${round}`, round);
    assert.equal(total(reader), 105 + 7 * round);
    assert.equal(sample(reader.text(), 'in_flight{route="/"}'), 1);
    successor.close();
    assert.equal(total(reader), 105 + 7 * round);
    assert.ok(reader.slots().length <= MAX_REPLACED + 2);
  }
  add(other, COUNTER, '/', 1);
  assert.equal(total(reader), 106 + 7 * replaced);
  assert.equal(sample(reader.text(), 'seconds_count{route="/"}'), 4);
  for (let round = 1; round <= replaced; round++) {
    assert.equal(sample(reader.text(), `requests_total{route="of round ${round}"}`), round);
  }
  assert.equal(sample(reader.text(), 'in_flight{route="/"}'), undefined);
  assert.equal(reader.unreadableSlots(), replaced);
});

test('a copy of a removed file is not counted twice, even while it is being written', (t) => {
  const { path, victim, reader, total } = twoSlots(t);
  victim.close();
  const good = readFileSync(path);
  unlinkSync(path);
  for (const length of [0, 8, 40, HEADER_BYTES, good.length - 1, good.length]) {
    writeFileSync(path, good.subarray(0, length));
    assert.equal(total(reader), 105);
  }
  assert.equal(reader.errors.length, 1, 'reported once');
});

test('the totals keep the last good values of a file truncated to zero bytes, and add the counts of a successor', (t) => {
  for (const amount of [1, 7]) {
    const { directory, path, victim, other, reader, total } = twoSlots(t);
    truncateSync(path, 0);
    victim.close();
    assert.equal(total(reader), 105);
    const successor = openWriter(directory, { now: 86_401 });
    assert.equal(successor.slot, 0);
    assert.equal(total(reader), 105);
    add(successor, COUNTER, '/', amount);
    add(successor, HISTOGRAM, '/', 4, 1, 1, 1, 1);
    add(other, COUNTER, '/', 1);
    assert.equal(total(reader), 106 + amount);
    for (let i = 0; i < 50; i++) add(successor, COUNTER, `${i}`, 1);
    assert.equal(total(reader), 106 + amount);
    assert.equal(live(reader), 2);
    assert.equal(reader.errors.length, 1, 'reported once');
  }
});

test('clearing the directory resets every series at once and is not reported as damage', async (t) => {
  const { directory, victim, other, reader, total } = twoSlots(t);
  for (let round = 1; round <= 3; round++) {
    for (const writer of round === 1 ? [victim, other] : []) writer.close();
    await clearDirectory(directory, { waitMs: 0 });
    if (round !== 2) assert.equal(total(reader), undefined);
    const next = openWriter(directory);
    add(next, COUNTER, '/', round);
    assert.equal(total(reader), round);
    assert.equal(live(reader), 1);
    next.close();
  }
  assert.deepEqual(reader.errors, []);
  assert.equal(reader.slots().length, 1);
});
