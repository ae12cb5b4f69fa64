import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseOpenMetrics } from '../../test/support/parse-openmetrics.ts';
import { sample } from '../../test/support/sample.ts';
import { add, COUNTER, GAUGE, HISTOGRAM, openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { DirectoryPages } from '../directory-pages.ts';
import { slotFileName } from '../format/layout.ts';
import type { SlotStatus } from '../merge/directory-reader.ts';
import { bootTime } from '../os/boot-clock.ts';
import { Reader } from '../reader.ts';

test('the self-metrics report the workers, slots, series, bytes and oldest heartbeat of the directory', (t) => {
  const directory = temporaryDirectory(t);
  const now = bootTime();
  const writers = [20, 10, 0].map((age) => openWriter(directory, { now: now - age }));
  for (const writer of writers) add(writer, COUNTER, '/', 1);
  add(writers[1]!, HISTOGRAM, '/', 1, 1);
  add(writers[2]!, GAUGE, '/', 1);
  // The heartbeat of a dead process is ignored.
  writers[0]!.close();
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const text = reader.metrics();
  const shown = (name: string) => sample(text, `prom_multiproc_${name}`);
  assert.deepEqual([shown('workers'), shown('slots'), shown('series')], [2, 3, 5]);
  const sizes = writers.map((_, slot) => statSync(join(directory, slotFileName(slot))).size);
  assert.equal(
    shown('slot_bytes'),
    sizes.reduce((sum, size) => sum + size, 0),
  );
  assert.deepEqual([shown('refused_series_total'), shown('unreadable_slots')], [0, 0]);
  assert.ok(shown('merge_seconds')! > 0);
  const age = shown('heartbeat_age_seconds')!;
  const passed = bootTime() - now;
  assert.ok(age >= 10 && age <= 10 + passed + 1e-3, `${age} s, ${passed} s after`);
});

test('the heartbeat age is correct after the system time is set, and slots() returns Unix times', (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory, { now: bootTime() });
  add(writer, COUNTER, '/', 1);
  t.after(() => writer.close());
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const began = bootTime();
  const today = Date.now();
  for (const jump of [3_600_000, -3_600_000]) {
    const now = today + jump;
    t.mock.method(Date, 'now', () => now);
    const age = sample(reader.metrics(), 'prom_multiproc_heartbeat_age_seconds')!;
    assert.ok(age >= 0 && age <= bootTime() - began + 1, `${age} s`);
    const [{ started, heartbeat }] = reader.slots() as [SlotStatus];
    for (const time of [started, heartbeat]) {
      assert.ok(
        time <= now / 1000 && time >= now / 1000 - (bootTime() - began) - 1,
        `${time} at ${now / 1000}`,
      );
    }
  }
});

test('self-metrics that no process has counted have no start time in OpenMetrics', (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 1);
  t.after(() => writer.close());
  const pages = new DirectoryPages(directory);
  t.after(() => pages.close());
  const page = pages.totals().render({ syntax: 'openmetrics', addsTotal: true, created: true }).toString();
  const [families] = parseOpenMetrics([page]);
  assert.ok(typeof families !== 'string', families as string);
  assert.deepEqual(
    families!.flatMap(({ samples }) => samples.filter(([name]) => name.endsWith('_created'))),
    [['requests_created', { route: '/' }, '1700000000.0', null]],
  );
});
