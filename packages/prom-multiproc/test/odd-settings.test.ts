/** Metrics with unusual settings that prom-client accepts. */
import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';
import client from 'prom-client';
import { TextReader } from './support/directory-text.ts';
import { sample, samples } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

test('metrics with undefined or unknown settings are shared', async (t) => {
  const { register, registers, reader } = sharedRegistry(t);
  const odd = { help: 'x', registers, aggregator: undefined } as unknown as Omit<
    client.GaugeConfiguration<string>,
    'collect' | 'aggregator'
  >;
  new client.Counter({ ...odd, name: 'x_total' }).inc(2);
  new client.Gauge({ ...odd, name: 'g' }).set(3);
  new client.Gauge({ ...odd, name: 'unknown', aggregator: 'median' as 'sum' }).set(4);
  new client.Histogram({ help: 'x', registers, name: 'h', buckets: [-Infinity, 1, Infinity] }).observe(0.5);
  for (const text of [await register.metrics(), reader.text()]) {
    assert.equal(sample(text, 'x_total'), 2);
    assert.equal(sample(text, 'g'), 3);
    assert.equal(sample(text, 'unknown'), 4);
    assert.equal(sample(text, 'h_bucket{le="1"}'), 1);
    assert.equal(sample(text, 'h_bucket{le="+Inf"}'), 1);
  }
  assert.deepEqual(reader.errors, []);
});

test('a counter with an aggregator of gauges does not use a cell of another series', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const odd = { help: 'x', aggregator: 'mostrecent', registers: [register] } as unknown as { help: string };
  const counters = ['a_total', 'b_total'].map(
    (name) => new client.Counter({ ...odd, name, labelNames: ['x'] }),
  );
  const early = counters.map((counter) => counter.labels('1'));
  shareIn(directory, register);
  for (const [i, child] of early.entries()) child.inc(i + 1);
  early[0]!.inc(10);
  const text = await register.metrics();
  assert.deepEqual(
    ['a_total', 'b_total'].map((name) => sample(text, `${name}{x="1"}`)),
    [11, 2],
  );
});

test('histograms with unsorted buckets count each value in its bucket', async (t) => {
  const { register, registers } = sharedRegistry(t);
  const histogram = new client.Histogram({ name: 'h', help: 'x', registers, buckets: [5, 1, 10, -1, 1] });
  for (const value of [0.5, 3, 7, 100, -2]) histogram.observe(value);
  histogram.labels({}).observe(0.5);
  histogram.startTimer()();
  assert.deepEqual(samples(await register.metrics(), 'h_bucket'), [
    'h_bucket{le="-1"} 1',
    'h_bucket{le="1"} 4',
    'h_bucket{le="5"} 5',
    'h_bucket{le="10"} 6',
    'h_bucket{le="+Inf"} 7',
  ]);
});

test('a relative directory does not change with the working directory of the application', async (t) => {
  const [directory, elsewhere] = [temporaryDirectory(t), temporaryDirectory(t)];
  const before = process.cwd();
  t.after(() => process.chdir(before));
  const registers = [new client.Registry(), new client.Registry()];
  for (const [i, cwd] of [dirname(directory), elsewhere].entries()) {
    process.chdir(cwd);
    shareIn(basename(directory), registers[i]!);
    new client.Counter({ name: `x${i}_total`, help: 'X', registers: [registers[i]!] }).inc(i + 1);
  }
  const text = new TextReader(t, directory).text();
  assert.deepEqual([sample(text, 'x0_total'), sample(text, 'x1_total')], [1, 2]);
});

test('share() of a value that is not a registry throws a TypeError', (t) => {
  const directory = temporaryDirectory(t);
  for (const wrong of [client, null, 5, {}]) {
    assert.throws(() => shareIn(directory, wrong as unknown as client.Registry), {
      name: 'TypeError',
      message: /^share\(\): expected a prom-client registry, got /,
    });
  }
});
