import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample } from '../test/support/sample.ts';
import { add, COUNTER, openWriter } from '../test/support/slot-files.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { Reader } from './reader.ts';

test('damage is reported once, however often the totals and the slot are read', (t) => {
  const directory = temporaryDirectory(t);
  const [victim, other] = [openWriter(directory), openWriter(directory)];
  add(victim, COUNTER, '/', 5);
  add(other, COUNTER, '/', 100);
  const reported: string[] = [];
  const reader = new Reader(directory, {
    onUnreadable: (path, error) => reported.push(`${path}: ${error.message}`),
  });
  t.after(() => reader.close());
  reader.metrics();
  truncateSync(join(directory, 'slot-0.metrics'), 100);
  for (let i = 0; i < 3; i++) {
    const text = reader.metrics();
    assert.equal(sample(text, 'requests_total{route="/"}'), 105);
    assert.equal(sample(text, 'prom_multiproc_unreadable_slots'), 1);
    assert.equal(sample(text, 'prom_multiproc_workers'), 2, 'the holder of a damaged file is alive');
    assert.equal(reader.workerMetrics(0), undefined);
    assert.equal(sample(reader.workerMetrics(1)!, 'requests_total{route="/"}'), 100);
  }
  assert.equal(reported.length, 1, reported.join('\n'));
  assert.match(reported[0]!, /slot-0\.metrics: file is truncated: 100 bytes/);
});
