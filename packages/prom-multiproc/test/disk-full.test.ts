/** The disk is full for a while. Counts made meanwhile are shown once there is space again. */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { LibcError, loadLibc } from '../src/os/libc.ts';
import { processSlot } from '../src/process/process-slot.ts';
import { TextReader } from './support/directory-text.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const HOME = '{route="/"}';

/** Makes every allocation fail with ENOSPC while `isFull`. */
class Disk {
  isFull = true;

  constructor(t: TestContext) {
    const libc = loadLibc();
    const { allocate } = libc;
    Object.assign(libc, {
      allocate: (...args: Parameters<typeof allocate>) => {
        if (this.isFull) throw new LibcError('posix_fallocate', constants.errno.ENOSPC);
        allocate(...args);
      },
    });
    t.after(() => Object.assign(libc, { allocate }));
  }
}

function application(t: TestContext) {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const config = { help: 'x', labelNames: ['route'], registers: [register] };
  const counter = new client.Counter({ ...config, name: 'a_total' });
  const histogram = new client.Histogram({ ...config, name: 'b', buckets: [1] });
  const gauge = new client.Gauge({ ...config, name: 'c' });
  const summary = new client.Summary({ ...config, name: 'd' });
  const count = () => {
    counter.inc({ route: '/' });
    histogram.observe({ route: '/' }, 2);
    gauge.inc({ route: '/' });
    summary.observe({ route: '/' }, 2);
  };
  const reader = new TextReader(t, directory);
  const shown = () => {
    const text = reader.text();
    return ['a_total', 'b_count', 'b_sum', 'c', 'd_sum'].map((name) => sample(text, `${name}${HOME}`));
  };
  return { directory, register, counter, gauge, config, count, reader, shown, slot: processSlot(directory) };
}

const NOTHING = Array.from({ length: 5 }, () => undefined);

test('with a full disk at the first write, metrics() rejects until there is space, and no count is lost', async (t) => {
  const disk = new Disk(t);
  const { count, register, slot, shown } = application(t);
  count();
  await slot.refresh();
  count();
  await assert.rejects(register.metrics(), /cannot share metrics in .*ENOSPC/);
  disk.isFull = false;
  await slot.refresh();
  count();
  assert.deepEqual(shown(), [3, 3, 6, 3, 6]);
  assert.equal(sample(await register.metrics(), `a_total${HOME}`), 3);
});

test('with a full disk, a new series is refused once and later stored with all its counts', async (t) => {
  const disk = new Disk(t);
  const { count, slot, shown, reader, register } = application(t);
  disk.isFull = false;
  slot.takeNow();
  disk.isFull = true;
  for (let i = 0; i < 3; i++) {
    count();
    await slot.refresh();
  }
  assert.deepEqual(shown(), NOTHING);
  assert.doesNotMatch(
    await register.metrics(),
    /^[abcd]\S*\{/m,
    'refused series are not shown by this process either',
  );
  const refused = reader.slots()[0]!.refused;
  assert.equal(refused, 4);
  disk.isFull = false;
  await slot.refresh();
  assert.deepEqual(shown(), [3, 3, 6, 3, 6]);
  count();
  assert.deepEqual(shown(), [4, 4, 8, 4, 8], 'later counts are stored in the slot');
  assert.equal(reader.slots()[0]!.refused, refused);
});

test('refused series that were removed or reset are not stored later', async (t) => {
  const disk = new Disk(t);
  const { counter, gauge, slot, reader } = application(t);
  disk.isFull = false;
  slot.takeNow();
  disk.isFull = true;
  for (const route of ['/', '/removed']) {
    counter.inc({ route });
    gauge.set({ route }, 1);
  }
  counter.remove('/removed');
  gauge.reset();
  disk.isFull = false;
  await slot.refresh();
  const text = reader.text();
  assert.equal(sample(text, 'a_total{route="/"}'), 1);
  assert.doesNotMatch(text, /removed|^c\{/m);
});

test('a refused gauge with collect() is stored later, and a refused metric that was unregistered is not', async (t) => {
  const disk = new Disk(t);
  const { register, config, slot, reader } = application(t);
  let measured = 1;
  new client.Gauge({
    ...config,
    name: 'measured',
    collect() {
      this.reset();
      this.set({ route: '/' }, measured);
    },
  });
  const unregistered = new client.Counter({ ...config, name: 'unregistered_total' });
  disk.isFull = false;
  slot.takeNow();
  disk.isFull = true;
  unregistered.inc({ route: '/' });
  register.removeSingleMetric('unregistered_total');
  for (measured = 2; measured < 5; measured++) await slot.refresh();
  assert.equal(sample(reader.text(), `measured${HOME}`), undefined);
  assert.equal(reader.slots()[0]!.refused, 2, 'each is refused once');
  disk.isFull = false;
  await slot.refresh();
  assert.equal(sample(reader.text(), `measured${HOME}`), 5);
  assert.doesNotMatch(reader.text(), /^unregistered_total\{/m);
});
