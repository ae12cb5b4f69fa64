/** Registries with different names, in one process and in several. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { Reader, type ShareOptions, share } from '../src/index.ts';
import { forkShared } from './support/fork-shared.ts';
import { sample } from './support/sample.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';

function shareNamed(t: Cleanup, options: readonly ShareOptions[]) {
  const directory = temporaryDirectory(t);
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  const registers = options.map((one) => {
    const register = new client.Registry();
    share(register, { selfMetrics: false, ...one });
    return register;
  });
  delete process.env.PROMETHEUS_MULTIPROC_DIR;
  return { directory, registers };
}

test('metrics with the same name in registries with different names are separate', async (t) => {
  const { directory, registers } = shareNamed(t, [{}, { name: 'inner' }, { name: 'other' }]);
  for (const [i, register] of registers.entries()) {
    new client.Counter({ name: 'x_total', help: 'x', registers: [register] }).inc(10 ** i);
  }
  for (const [i, register] of registers.entries()) {
    assert.equal(sample(await register.metrics(), 'x_total'), 10 ** i);
    const json = (await register.getMetricsAsJSON()) as unknown as { values: { value: number }[] }[];
    assert.deepEqual(
      json.map(({ values }) => values[0]!.value),
      [10 ** i],
    );
  }
  for (const [i, options] of [{}, { name: 'inner' }, { name: 'other' }].entries()) {
    const reader = new Reader(directory, options);
    assert.equal(sample(reader.metrics(), 'x_total'), 10 ** i);
    assert.equal(sample(reader.workerMetrics(0)!, 'x_total'), 10 ** i);
    reader.close();
  }
});

test('a registry shows the counts of registries with its name in all processes, and no others', async (t) => {
  const directory = temporaryDirectory(t);
  const counting = await forkShared(
    t,
    directory,
    `
    const inner = new Registry();
    share(register); share(inner, { name: 'inner' });
    new Counter({ name: 'revenue_total', help: 'x', registers: [inner] }).inc(99);
    new Counter({ name: 'requests_total', help: 'x' }).inc(3);
  `,
  );
  // A process without the metrics, and one that creates them in another order.
  for (const hasMetrics of [false, true]) {
    const showing = await forkShared(
      t,
      directory,
      `
      const inner = new Registry();
      share(inner, { name: 'inner' }); share(register);
      if (${hasMetrics}) {
        new Counter({ name: 'requests_total', help: 'x' });
        new Counter({ name: 'revenue_total', help: 'x', registers: [inner] });
      }
    `,
    );
    for (const process of [counting, showing]) {
      const [outer, inner] = await process.evaluate<[string, string]>(
        'Promise.all([register.metrics(), inner.metrics()])',
      );
      assert.deepEqual([sample(outer, 'requests_total'), sample(outer, 'revenue_total')], [3, undefined]);
      assert.deepEqual([sample(inner, 'requests_total'), sample(inner, 'revenue_total')], [undefined, 99]);
    }
  }
});

test('a successor continues the counts of a named registry', async (t) => {
  const directory = temporaryDirectory(t);
  const program = `
    share(register, { name: 'inner' });
    new Counter({ name: 'x_total', help: 'x' }).inc(5);
  `;
  const first = await forkShared(t, directory, program);
  await first.kill();
  const second = await forkShared(t, directory, program);
  assert.equal(sample(await second.evaluate<string>('register.metrics()'), 'x_total'), 10);
  assert.deepEqual(
    await second.evaluate('require("node:fs").readdirSync(process.env.PROMETHEUS_MULTIPROC_DIR)'),
    ['slot-0.metrics'],
  );
});

test('two registries with the same name show the same metrics', async (t) => {
  const { registers } = shareNamed(t, [{ name: 'inner' }, { name: 'inner' }]);
  new client.Counter({ name: 'a_total', help: 'x', registers: [registers[0]!] }).inc();
  new client.Counter({ name: 'b_total', help: 'x', registers: [registers[1]!] }).inc();
  for (const register of registers) {
    const text = await register.metrics();
    assert.deepEqual([sample(text, 'a_total'), sample(text, 'b_total')], [1, 1]);
  }
});

test('removing a metric from one registry keeps the metric of the same name in another', async (t) => {
  const { registers } = shareNamed(t, [{}, { name: 'inner' }]);
  for (const register of registers)
    new client.Counter({ name: 'x_total', help: 'x', registers: [register] }).inc();
  registers[0]!.removeSingleMetric('x_total');
  assert.equal(sample(await registers[0]!.metrics(), 'x_total'), undefined);
  assert.equal(sample(await registers[1]!.metrics(), 'x_total'), 1);
});

for (const name of ['', 'a\0b', 'x'.repeat(129), 5, null]) {
  test(`the name ${JSON.stringify(name)?.slice(0, 12)} is rejected, and the message names the allowed values`, (t) => {
    assert.throws(
      () => shareNamed(t, [{ name: name as string }]),
      /share\(\): name must be a string of 1 to 128 characters/,
    );
    delete process.env.PROMETHEUS_MULTIPROC_DIR;
  });
}
