/** Labels of any content, length and number, and buckets of any number: whole in every reader and after a takeover. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { CELLS_PER_CHUNK } from '../src/format/layout.ts';
import { Reader } from '../src/reader.ts';
import { AppProcess } from './support/application.ts';
import { TextReader } from './support/directory-text.ts';
import { Random } from './support/random.ts';
import { sample, samples, values } from './support/sample.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn, twinRegistries } from './support/twin-registries.ts';

const HALF = '\ud83d';
const ODD = [
  '',
  ' ',
  '\0',
  '\r\n',
  '\n',
  '\\',
  '\\n',
  '"',
  '\\"',
  '"} 1\nforged_total 5',
  '{a="b"}',
  'ü',
  'u\u0308',
  '\u202eright to left',
  '\ufeffmark',
  '\u2028',
  '日本語',
  '👩‍👩‍👧',
  '\u{10ffff}',
  '\ufffe',
  'x'.repeat(100_000),
  '"\n\\'.repeat(5_000),
  '__proto__',
  'constructor',
  'toString',
];

/** The values of the label `route` as a reader of the text format finds them, with their samples. */
function routes(text: string): Map<string, number> {
  const pattern = /^requests_total\{route="((?:[^"\\\n]|\\["\\n])*)"\} (\d+)$/gm;
  const unescaped = (escaped: string) =>
    escaped.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one));
  return new Map(
    Array.from(text.matchAll(pattern), ([, route, value]) => [unescaped(route!), Number(value)]),
  );
}

function randomText(random: Random): string {
  const alphabet = ['a', '"', '\\', '\n', 'n', ',', '=', '{', '}', ' ', 'é', '漢', '🙂', '\0'];
  return Array.from({ length: random.int(12) }, () => random.pick(alphabet)).join('');
}

test('label values of any Unicode are whole and apart, in each process, outside, and after a takeover', async (t) => {
  const random = new Random(3);
  const labels = [...new Set([...ODD, ...Array.from({ length: 200 }, () => randomText(random))])];
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const expected = (times: number) => new Map(labels.map((route, i) => [route, (i + 1) * times]));
  const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let times = 1; times <= 2; times++) {
    const app = await AppProcess.start(t, directory);
    for (const [i, route] of labels.entries()) await app.call('requests', 'inc', { route }, i + 1);
    for (const text of [await app.metrics(), reader.metrics()]) {
      assert.deepEqual(sorted(routes(text)), sorted(expected(times)));
      assert.equal(sample(text, 'forged_total'), undefined);
      // Nothing else than what was counted, and each line whole.
      const lines = text.split('\n').filter((line) => line.startsWith('requests_total{'));
      assert.equal(lines.length, labels.length);
    }
    assert.equal(reader.slots()[0]!.error, undefined);
    await app.kill();
  }
  assert.equal(reader.slots().length, 1);
});

test('half a surrogate pair is shown as U+FFFD, and costs neither the slot nor another series', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const broken = [HALF, '\udc00', `a${HALF}b`, '\udc00\ud83d'];
  for (let times = 1; times <= 2; times++) {
    const app = await AppProcess.start(t, directory);
    await app.call('requests', 'inc', { route: 'sound' });
    for (const route of broken) {
      await app.call('requests', 'inc', { route });
      await app.call('seconds', 'observe', { route }, 1);
      await app.call('sizes', 'observe', { route }, 1);
    }
    for (const text of [await app.metrics(), reader.metrics()]) {
      assert.ok(text.isWellFormed());
      assert.deepEqual(
        routes(text),
        new Map([
          ['sound', times],
          // Two that differ in their broken half alone are one.
          ['\ufffd', 2 * times],
          ['a\ufffdb', times],
          ['\ufffd\ufffd', times],
        ]),
      );
      assert.equal(sample(text, 'seconds_count{route="\ufffd"}'), 2 * times);
      assert.equal(sample(text, 'sizes_count{route="\ufffd"}'), 2 * times);
    }
    await app.kill();
  }
  assert.deepEqual(
    reader.slots().map(({ slot, error }) => [slot, error]),
    [[0, undefined]],
  );
});

function sharedRegistry(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const plain = new client.Registry();
  const both = (act: (registers: client.Registry[]) => void) => {
    act([register]);
    act([plain]);
  };
  /** Our own text and that of a reader outside are prom-client's. */
  const expectSame = async () => {
    const expected = values(await plain.metrics());
    assert.deepEqual(values(await register.metrics()), expected);
    const outside = values(reader.metrics());
    for (const [series, value] of expected) assert.equal(outside.get(series), value, series.slice(0, 200));
  };
  return { both, expectSame, register, reader };
}

test('a hundred labels, of which some are given, all, or none', async (t) => {
  const { both, expectSame } = sharedRegistry(t);
  const labelNames = Array.from({ length: 100 }, (_, i) => `label_${i}`);
  both((registers) => {
    const counter = new client.Counter({ name: 'a_total', help: 'A', labelNames, registers });
    const all = Object.fromEntries(labelNames.map((name, i) => [name, i]));
    counter.inc(all, 2);
    counter.inc({ ...all, label_99: 'other' });
    counter.labels(...labelNames.map((_, i) => String(i))).inc(3);
    counter.inc({ label_50: 'alone' });
    counter.inc({});
  });
  await expectSame();
});

test('histograms without a bucket and with hundreds count where they should', async (t) => {
  const { both, expectSame } = sharedRegistry(t);
  both((registers) => {
    const config = { help: 'H', labelNames: ['x'], registers };
    const none = new client.Histogram({ ...config, name: 'none', buckets: [] });
    // None of -1: prom-client takes that bucket for the one above all bounds.
    const many = new client.Histogram({
      ...config,
      name: 'many',
      buckets: client.linearBuckets(-10.25, 0.5, 700),
    });
    const random = new Random(5);
    for (let i = 0; i < 300; i++) {
      const x = String(random.int(3));
      const value = random.int(4000) / 10 - 20;
      none.observe({ x }, value);
      many.observe({ x }, value);
    }
  });
  await expectSame();
});

test('a histogram with more buckets than a slot can hold counts in its own process, and is told of', async (t) => {
  const { register, reader } = sharedRegistry(t);
  const buckets = client.linearBuckets(1, 1, CELLS_PER_CHUNK);
  const registers = [register];
  const huge = new client.Histogram({ name: 'huge', help: 'H', labelNames: ['x'], buckets, registers });
  const counter = new client.Counter({ name: 'a_total', help: 'A', registers });
  huge.observe({ x: '1' }, 5);
  counter.inc();
  const text = reader.metrics();
  assert.equal(sample(text, 'prom_multiproc_refused_series_total'), 1);
  assert.equal(sample(text, 'a_total'), 1);
  const { values: own } = await huge.get();
  assert.equal(own.find(({ metricName }) => metricName === 'huge_count')?.value, 1);
});

test('labels that read the same are one series, however they are mixed', async (t) => {
  const { shared, both, plain, directory } = twinRegistries(t);
  both((register, { Counter }) => {
    const registers = [register];
    const counter = new Counter({ name: 'a_total', help: 'A', labelNames: ['x', 'y'], registers });
    for (const [x, y] of [
      [200, 1],
      ['200', 2],
      ['200', 1],
      [200, '2'],
    ]) {
      counter.inc({ x: x!, y: y! });
    }
  });
  assert.equal(await shared.metrics(), await plain.metrics());
  assert.equal(new TextReader(t, directory).slots()[0]!.series, 2);
});

test('labels that the application changes after it has counted with them name another series', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const config = { name: 'a_total', help: 'A', labelNames: ['x', 'y'], registers: [register] };
  const counter = new client.Counter(config);
  const early = { x: '1', y: '1' };
  const late = { x: '2', y: '1' };
  counter.inc(early);
  shareIn(directory, register);
  counter.inc(late);
  early.y = late.y = '2';
  counter.inc(early);
  counter.inc(late);
  const shown = samples(await register.metrics(), 'a_total{').sort();
  assert.deepEqual(
    shown,
    ['1', '2'].flatMap((x) => ['1', '2'].map((y) => `a_total{x="${x}",y="${y}"} 1`)),
  );
});
