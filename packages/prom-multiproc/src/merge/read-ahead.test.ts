import assert from 'node:assert/strict';
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesRead } from '../../test/support/bytes-read.ts';
import { TextReader } from '../../test/support/directory-text.ts';
import { filledSlots } from '../../test/support/filled-slots.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { shareCounter } from '../../test/support/shared-counter.ts';
import { add, COUNTER, openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { clearDirectory } from '../clear-directory.ts';
import { metricsHandler } from '../metrics-handler.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import { DirectoryReader, FEW_SERIES } from './directory-reader.ts';
import { LOOK_INTERVAL_MS, QUIET_LOOKS, readAhead, UNWATCHED_PAUSE_MS } from './read-ahead.ts';

const SLOTS = 3;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

const notWatched = () => undefined;

test('a log that does not change between two looks is read ahead, and the next scrape reads only values', async (t) => {
  const { directory, register } = shareCounter(t);
  filledSlots(t, directory, SLOTS, 1000);
  t.mock.timers.enable({ apis: ['setInterval'] });
  metricsHandler(register);
  for (let look = 0; look < 2; look++) {
    t.mock.timers.tick(LOOK_INTERVAL_MS);
    await turns(SLOTS + 2);
  }
  const bytesOfScrape = async () => {
    const before = bytesRead();
    assert.match(await register.metrics(), /^requests_total{route="\/999"} 3$/m);
    return bytesRead() - before;
  };
  const [first, later] = [await bytesOfScrape(), await bytesOfScrape()];
  assert.ok(first - later < 1000, `${first} bytes, and then ${later}`);
});

test('pages of 1000 series and more are made ahead, again when the number of series has doubled', async (t) => {
  const { directory, register } = shareCounter(t);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const made = t.mock.method(DirectoryReader.prototype, 'refresh').mock;
  metricsHandler(register);
  const writer = openWriter(directory);
  let series = 0;
  const madeFor = async (count: number) => {
    while (series < count) add(writer, COUNTER, `/${series++}`, 1);
    const before = made.callCount();
    for (let look = 0; look < 2; look++) {
      t.mock.timers.tick(LOOK_INTERVAL_MS);
      await turns(20);
    }
    return made.callCount() - before;
  };
  assert.equal(await madeFor(990), 0);
  const pages = await madeFor(1000);
  assert.ok(pages > 0);
  assert.equal(await madeFor(1990), 0);
  assert.equal(await madeFor(2010), pages);
});

test('a look at slots without new records reads a constant number of bytes for each slot', (t) => {
  const { reader } = filledSlots(t, temporaryDirectory(t), SLOTS, 1000);
  reader.text();
  const looks = [reader.lookAhead(), reader.lookAhead()];
  const before = bytesRead();
  looks.push(reader.lookAhead());
  const bytes = bytesRead() - before;
  assert.deepEqual(looks, [0, 0, 0]);
  assert.ok(bytes < 1000, `${bytes} bytes`);
});

test('a log is read ahead when it has stopped growing; while few series are known, the first growing log is read, too', (t) => {
  const directory = temporaryDirectory(t);
  const [first, second] = [openWriter(directory), openWriter(directory)];
  const reader = new TextReader(t, directory);
  const grow = (writer: SlotWriter, series: number) => {
    for (let i = 0; i < series; i++) add(writer, COUNTER, `/${names++}`, 1);
  };
  let names = 0;
  grow(first, FEW_SERIES / 2);
  grow(second, 1);
  assert.equal(reader.lookAhead(), 1, 'the first');
  grow(first, FEW_SERIES / 2);
  grow(second, 1);
  assert.equal(reader.lookAhead(), 1, 'the first');
  for (let look = 0; look < 2; look++) {
    grow(first, 1);
    grow(second, 1);
    assert.equal(reader.lookAhead(), 0);
  }
  assert.equal(reader.lookAhead(), 2);
  grow(second, 1);
  reader.lookAhead();
  assert.equal(reader.text().match(/^requests_total{/gm)?.length, names);
  assert.deepEqual(reader.errors, []);
});

test('slots that cannot be read ahead are reported by the scrape, and the others are read ahead', (t) => {
  const directory = temporaryDirectory(t);
  const writers = [
    openWriter(directory),
    openWriter(directory),
    openWriter(directory),
    openWriter(directory),
  ];
  for (const writer of writers) add(writer, COUNTER, '/', 1);
  const path = (slot: number) => join(directory, `slot-${slot}.metrics`);
  const file = readFileSync(path(0));
  file.writeUInt32LE(1, 20);
  writeFileSync(path(0), file);
  truncateSync(path(1), 5000);
  const reader = new TextReader(t, directory);
  assert.deepEqual([reader.lookAhead(), reader.lookAhead(), reader.lookAhead()], [1, 3, 0]);
  truncateSync(path(2), 5000);
  assert.equal(reader.lookAhead(), 0);
  assert.deepEqual(reader.errors, []);
  assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 1);
  const cut = 'file is truncated: N bytes for N chunks';
  assert.deepEqual(
    reader.slots().map(({ error }) => error?.replace(/\d+/g, 'N')),
    ['log checksum does not match', cut, cut, undefined],
  );
  assert.equal(reader.errors.length, 3);
});

test('a directory cleared between a look and a scrape, or between two looks, is read from the start', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new TextReader(t, directory);
  for (let round = 1; round <= 3; round++) {
    const writers = Array.from({ length: round }, () => openWriter(directory));
    for (const writer of writers) add(writer, COUNTER, `/${round}`, 1);
    assert.deepEqual([reader.lookAhead(), reader.lookAhead()], [1, round - 1]);
    if (round === 2) {
      for (const writer of writers) writer.close();
      await clearDirectory(directory, { waitMs: 0 });
      assert.equal(reader.text(), '\n');
      continue;
    }
    assert.equal(reader.text().match(/^requests_total/gm)?.length, 1);
    assert.equal(sample(reader.text(), `requests_total{route="/${round}"}`), round);
    for (const writer of writers) writer.close();
    await clearDirectory(directory, { waitMs: 0 });
  }
  assert.deepEqual(reader.errors, []);
});

test('a log is not taken as the continuation of another whose file was changed after it was read', (t) => {
  const directory = temporaryDirectory(t);
  add(openWriter(directory), COUNTER, '/a', 1);
  const reader = new TextReader(t, directory);
  assert.equal(sample(reader.text(), 'requests_total{route="/a"}'), 1);
  // Both files now have the same log. Only its checksum differs from that of the log that was read.
  add(openWriter(directory), COUNTER, '/b', 5);
  const [first, second] = [0, 1].map((slot) => join(directory, `slot-${slot}.metrics`)) as [string, string];
  const changed = readFileSync(first);
  readFileSync(second).copy(changed, 4096, 4096, 4096 + 65536);
  writeFileSync(first, changed);
  const text = reader.text();
  assert.equal(sample(text, 'requests_total{route="/a"}'), 1);
  assert.equal(sample(text, 'requests_total{route="/b"}'), 5);
  unlinkSync(first);
});

test('after a failed look the process continues and so do later looks', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let looks = 0;
  readAhead(() => {
    looks += 1;
    if (looks === 1) throw new Error('no metrics client');
    return (function* () {
      yield;
      throw new Error('a file was removed');
    })();
  }, notWatched);
  for (let look = 1; look <= 3; look++) {
    t.mock.timers.tick(LOOK_INTERVAL_MS);
    await turns(2);
    assert.equal(looks, look);
  }
});

test('without new records the looks pause until a new series is written, whatever is counted meanwhile', async (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  const reader = new TextReader(t, directory);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const timeouts = t.mock.method(globalThis, 'setTimeout').mock;
  let [looks, found] = [0, 0];
  readAhead(
    function* () {
      looks++;
      const grown = reader.lookAhead();
      found += grown;
      if (grown > 0) yield;
    },
    () => directory,
  );
  const ticks = async (count: number) => {
    for (let i = 0; i < count; i++) {
      t.mock.timers.tick(LOOK_INTERVAL_MS);
      await turns(2);
    }
  };
  add(writer, COUNTER, '/', 1);
  await ticks(20);
  assert.deepEqual([found, looks], [1, 1 + QUIET_LOOKS]);
  add(writer, COUNTER, '/', 1);
  writer.beat(86_405);
  await ticks(20);
  assert.equal(looks, 1 + QUIET_LOOKS);
  for (let series = 2; series <= 3; series++) {
    add(writer, COUNTER, `/${series}`, 1);
    await until('the new series is read ahead', async () => {
      await ticks(1);
      return found === series;
    });
    await ticks(20);
  }
  assert.ok(!timeouts.calls.some(({ arguments: [, ms] }) => ms === UNWATCHED_PAUSE_MS), 'not watched');
});

test('while the directory cannot be watched, the looks pause for a limited time', async (t) => {
  const directory = temporaryDirectory(t);
  for (const missing of [undefined, join(directory, 'missing')]) {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    let looks = 0;
    readAhead(
      // biome-ignore lint/correctness/useYield: finds nothing
      function* () {
        looks++;
      },
      () => missing,
    );
    for (let pause = 1; pause <= 3; pause++) {
      for (let i = 0; i < 10; i++) t.mock.timers.tick(LOOK_INTERVAL_MS);
      assert.equal(looks, pause * QUIET_LOOKS);
      t.mock.timers.tick(UNWATCHED_PAUSE_MS);
    }
    t.mock.timers.reset();
  }
});
