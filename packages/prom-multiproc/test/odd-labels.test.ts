/** Label values of any content and length, and any number of labels and buckets. */
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

/** The values of the label `route` as a parser of the text format reads them, with their samples. */
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

test('any Unicode label value is shown unchanged by each process and a reader, also after a takeover', async (t) => {
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
      // There are no other lines.
      const lines = text.split('\n').filter((line) => line.startsWith('requests_total{'));
      assert.equal(lines.length, labels.length);
    }
    assert.equal(reader.slots()[0]!.error, undefined);
    await app.kill();
  }
  assert.equal(reader.slots().length, 1);
});

test('half a surrogate pair is shown as U+FFFD and does not damage the slot or another series', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const broken = [HALF, '\udc00', `a${HALF}b`, '\udc00\ud83d'];
  for (let times = 1; times <= 2; times++) {
    const app = await AppProcess.start(t, directory);
    await app.call('requests', 'inc', { route: 'valid' });
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
          ['valid', times],
          // Two values that differ only in their half pair are the same series.
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

test('remove(), zero() and labels() find a series whose label has half a surrogate pair', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  const expectSame = async () =>
    assert.deepEqual(values(await shared.metrics()), values((await plain.metrics()).toWellFormed()));
  const labels = { x: `a${HALF}b` };
  const other = { x: 'other' };
  const counted: (() => void)[] = [];
  const metrics: client.Metric[] = [];
  both((register, { Counter, Gauge, Histogram }) => {
    const config = { help: 'A', labelNames: ['x'], registers: [register] };
    const counter = new Counter({ ...config, name: 'a_total' });
    const gauge = new Gauge({ ...config, name: 'b' });
    const histogram = new Histogram({ ...config, name: 'c', buckets: [1] });
    metrics.push(counter, gauge, histogram);
    counted.push(() => {
      for (const one of [labels, other]) {
        counter.inc(one);
        counter.labels(one.x).inc();
        gauge.inc(one);
        gauge.labels(one).inc();
        histogram.observe(one, 1);
        histogram.labels(one).observe(1);
      }
    });
    counted.at(-1)!();
    histogram.zero(labels);
  });
  await expectSame();
  for (const metric of metrics) metric.remove(labels);
  await expectSame();
  for (const count of counted) count();
  await expectSame();
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
  /** Checks that the registry and a reader show the same as prom-client. */
  const expectSame = async () => {
    const expected = values(await plain.metrics());
    assert.deepEqual(values(await register.metrics()), expected);
    const outside = values(reader.metrics());
    for (const [series, value] of expected) assert.equal(outside.get(series), value, series.slice(0, 200));
  };
  return { both, expectSame, register, reader };
}

test('a metric with 100 labels counts series with all, some or none of them', async (t) => {
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

test('histograms with no buckets and with 700 buckets count each value in its bucket', async (t) => {
  const { both, expectSame } = sharedRegistry(t);
  both((registers) => {
    const config = { help: 'H', labelNames: ['x'], registers };
    const none = new client.Histogram({ ...config, name: 'none', buckets: [] });
    // No bucket is -1: prom-client counts values above all bounds in that one.
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

test('a histogram with more buckets than a slot can hold counts in its own process and is counted as refused', async (t) => {
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

test('label values with the same string form are one series', async (t) => {
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

test('changing a labels object after a count does not change the counted series', async (t) => {
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
