/** `process_start_time_seconds`, which prom-client omits from its aggregation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { sample } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { definition, openWriter } from './support/slot-files.ts';

for (const prefix of ['', 'app_']) {
  const name = `${prefix}process_start_time_seconds`;
  test(`${name} is that of the oldest living process, as text and JSON`, async (t) => {
    const { directory, register, registers, reader } = sharedRegistry(t);
    const metric = definition({ name, type: 'gauge', aggregator: 'omit', labelNames: [] });
    const [dead, oldest, young] = [1000, 2000, 4_000_000_000].map((start) => {
      const writer = openWriter(directory);
      const { array, base } = writer.series(metric, [])!;
      array[base] = start;
      return writer;
    }) as [ReturnType<typeof openWriter>, ReturnType<typeof openWriter>, ReturnType<typeof openWriter>];
    dead.close();
    t.after(() => young.close());
    const shown = async () => {
      const json = (await register.getMetricsAsJSON()) as { name: string; values: { value: number }[] }[];
      const { values } = json.find((one) => one.name === name)!;
      assert.deepEqual(values.length, 1);
      assert.equal(values[0]!.value, sample(await register.metrics(), name));
      assert.equal(values[0]!.value, sample(reader.text(), name));
      return values[0]!.value;
    };
    new client.Counter({ name: 'x_total', help: 'x', registers }).inc();
    assert.equal(await shown(), 2000, 'in a process without the metric');
    client.collectDefaultMetrics({ register, prefix });
    assert.equal(await shown(), 2000, 'in a process with the metric');
    oldest.close();
    const own = await shown();
    assert.ok(own > 1_700_000_000 && own < 4_000_000_000, `${own}`);
  });
}
