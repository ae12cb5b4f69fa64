/** A metric that is removed and created again before its process counts in it keeps the counts of dead processes. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { values } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { addTo, definition, openWriter } from './support/slot-files.ts';

const METRICS = [
  [{ name: 'counter_total' }, 5],
  [{ name: 'histogram', type: 'histogram', bounds: [1, 2] }, 9, 2, 3, 1],
  [{ name: 'summary', type: 'summary', bounds: [0.5] }, 7, 2, 0],
  [{ name: 'gauge', type: 'gauge', aggregator: 'keptsum' }, 3],
] as const;

/** A registry whose slot has counts of a dead process. `make` registers the same metrics. */
function successor(t: TestContext, labelNames: string[]) {
  const { directory, register, registers, reader } = sharedRegistry(t);
  const dead = openWriter(directory);
  for (const [part, ...amounts] of METRICS) {
    const metric = definition({ ...part, labelNames });
    addTo(dead, metric, labelNames.length > 0 ? [[0, 'a']] : [], amounts);
  }
  dead.close();
  new client.Counter({ name: 'takes_the_slot_total', help: 'x', registers }).inc();
  const config = { help: 'x', labelNames, registers };
  const make = () => ({
    counter: new client.Counter({ ...config, name: 'counter_total' }),
    histogram: new client.Histogram({ ...config, name: 'histogram', buckets: [1, 2] }),
    summary: new client.Summary({ ...config, name: 'summary', percentiles: [0.5] }),
    gauge: new client.Gauge({ ...config, name: 'gauge', aggregator: 'keptsum' as 'sum' }),
  });
  const labels = labelNames.length > 0 ? '{x="a"}' : '';
  const shown = (text: string) =>
    ['counter_total', 'histogram_sum', 'histogram_count', 'summary_sum', 'summary_count', 'gauge'].map(
      (name) => values(text).get(name + labels),
    );
  return { register, make, reader, shown, totals: async () => shown(await register.metrics()) };
}

const INHERITED = [5, 9, 6, 7, 2, 3];

const REMOVALS: Record<string, (register: client.Registry) => void> = {
  'clear()': (register) => register.clear(),
  'removeSingleMetric()': (register) => {
    for (const name of ['counter_total', 'histogram', 'summary', 'gauge']) register.removeSingleMetric(name);
  },
};

for (const [how, remove] of Object.entries(REMOVALS)) {
  for (const labelNames of [[], ['x']]) {
    const kind = labelNames.length > 0 ? 'with' : 'without';
    test(`${how} of metrics ${kind} labels before the first count keeps the counts of dead processes`, async (t) => {
      const { register, make, reader, shown, totals } = successor(t, labelNames);
      for (let times = 0; times < 3; times++) {
        make();
        if (times > 0) assert.deepEqual(await totals(), INHERITED, 'registered');
        remove(register);
        assert.deepEqual(shown(reader.text()), INHERITED, 'removed');
      }
      const labels = labelNames.length > 0 ? { x: 'a' } : {};
      const { counter, histogram, summary, gauge } = make();
      counter.inc(labels);
      histogram.observe(labels, 1);
      summary.observe(labels, 1);
      gauge.inc(labels);
      assert.deepEqual(await totals(), [6, 10, 7, 8, 3, 4], 'counted');
      remove(register);
      const none = INHERITED.map(() => undefined);
      assert.deepEqual(shown(reader.text()), none, 'removed after the first count');
    });
  }
}

test('metrics removed before the first count and registered again show the inherited counts once', async (t) => {
  const { register, make, totals } = successor(t, []);
  const metrics = Object.values(make());
  await register.metrics();
  register.clear();
  for (const metric of metrics) register.registerMetric(metric as client.Counter);
  assert.deepEqual(await totals(), INHERITED);
});

test('removing a metric after the process removed its own series removes the inherited series, too', async (t) => {
  const { register, make, reader, shown } = successor(t, ['x']);
  const { counter } = make();
  counter.inc({ x: 'b' });
  counter.remove({ x: 'b' });
  register.removeSingleMetric('counter_total');
  assert.deepEqual(shown(reader.text()), [undefined, ...INHERITED.slice(1)]);
});
