/** In one process with a fresh directory, a shared registry shows the same text as plain prom-client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { SCENARIOS } from './support/scenarios.ts';
import { shareIn, twinRegistries } from './support/twin-registries.ts';

const OPEN_METRICS = client.Registry.OPENMETRICS_CONTENT_TYPE;

/** Quantiles of summaries are not shared, because those of several processes cannot be merged. */
const withoutQuantiles = (text: string) => text.replaceAll(/^.*[{,]quantile=.*\n/gm, '');

/** Measured durations differ between runs. */
const withoutDurations = (text: string) => text.replaceAll(/^((?:a|b|c)_sum.*|d\{.*) \S+$/gm, '$1 ?');

for (const [what, scenario] of Object.entries(SCENARIOS)) {
  for (const contentType of [undefined, OPEN_METRICS]) {
    test(`${what}: the same text as prom-client${contentType ? ' in OpenMetrics' : ''}`, async (t) => {
      const { shared, plain, both } = twinRegistries(t, contentType);
      both(scenario);
      const blur = what === 'timers' ? withoutDurations : (text: string) => text;
      for (let scrape = 0; scrape < 2; scrape++) {
        const expected = blur(withoutQuantiles(await plain.metrics()));
        assert.equal(blur(await shared.metrics()), expected);
      }
      // After metrics(), because only that call renames the counters of OpenMetrics in prom-client.
      for (const { name } of shared.getMetricsAsArray()) {
        const expected = blur(withoutQuantiles(await plain.getSingleMetricAsString(name)));
        assert.equal(blur(await shared.getSingleMetricAsString(name)), expected);
      }
    });
  }
}

test('metrics and series counted before share() keep their values', async (t) => {
  const { shared: _, plain, directory } = twinRegistries(t);
  const late = new client.Registry();
  const acts = [plain, late].map((register) => {
    const counter = new client.Counter({
      name: 'a_total',
      help: 'A',
      labelNames: ['x'],
      registers: [register],
    });
    const histogram = new client.Histogram({ name: 'b', help: 'B', buckets: [1, 2], registers: [register] });
    const gauge = new client.Gauge({ name: 'c', help: 'C', labelNames: ['x'], registers: [register] });
    const summary = new client.Summary({ name: 'd', help: 'D', labelNames: ['x'], registers: [register] });
    counter.inc({ x: 'early' }, 3);
    histogram.observe(1.5);
    gauge.set({ x: 'early' }, 4);
    summary.observe({ x: 'early' }, 5);
    const children = {
      counter: counter.labels('child'),
      gauge: gauge.labels('child'),
      summary: summary.labels('child'),
      early: counter.labels('early'),
      histogram: histogram.labels({}),
      stop: histogram.startTimer(),
    };
    return () => {
      children.counter.inc();
      children.early.inc();
      children.gauge.inc(2);
      children.summary.observe(3);
      // Above all buckets.
      children.histogram.observe(9);
      children.stop();
      histogram.observe(5);
    };
  });
  shareIn(directory, late);
  for (const act of acts) act();
  const blur = (text: string) => withoutQuantiles(text).replace(/b_sum .*/, 'b_sum ?');
  assert.equal(blur(await late.metrics()), blur(await plain.metrics()));
});

test('collectDefaultMetrics() creates the same names, types and help texts', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register, { collectDefaultMetrics }) => collectDefaultMetrics({ register, prefix: 'app_' }));
  const heads = (text: string) => text.split('\n').filter((line) => line.startsWith('#'));
  assert.deepEqual(heads(await shared.metrics()), heads(await plain.metrics()));
  const names = (text: string) => new Set(text.match(/^\w+(?=[{ ])/gm));
  const shown = names(await shared.metrics());
  const missing = [...names(withoutQuantiles(await plain.metrics()))].filter((name) => !shown.has(name));
  // Gauges of NaN are not shown. prom-client sets these to NaN before the first measurement.
  const unknownYet = /eventloop_lag_(mean|stddev)_seconds/;
  assert.deepEqual(
    missing.filter((name) => !unknownYet.test(name)),
    [],
  );
});

test('labels with the same hash in prom-client are separate series', async (t) => {
  const { shared } = twinRegistries(t);
  const labelNames = ['a', 'b'];
  const registers = [shared];
  const confused = [
    { a: '1,b:2' },
    { a: '1', b: '2' },
    { a: '1|2', b: '3' },
    { a: '1', b: '2|3' },
    { a: '1' },
    { a: '1', b: '' },
  ];
  const counter = new client.Counter({ name: 'counter_total', help: 'C', labelNames, registers });
  const histogram = new client.Histogram({
    name: 'histogram',
    help: 'H',
    labelNames,
    registers,
    buckets: [],
  });
  const gauge = new client.Gauge({ name: 'gauge', help: 'G', labelNames, registers });
  const summary = new client.Summary({ name: 'summary', help: 'S', labelNames, registers });
  for (const labels of [...confused, ...confused]) {
    counter.inc(labels);
    counter.labels(labels).inc();
    histogram.observe(labels, 1);
    histogram.labels(labels).observe(1);
    gauge.inc(labels);
    gauge.labels(labels).inc();
    summary.observe(labels, 1);
    summary.labels(labels).observe(1);
  }
  const text = await shared.metrics();
  const expected = [
    '{a="1,b:2"} 4',
    '{a="1",b="2"} 4',
    '{a="1|2",b="3"} 4',
    '{a="1",b="2|3"} 4',
    '{a="1"} 4',
    '{a="1",b=""} 4',
  ];
  for (const name of ['counter_total', 'histogram_count', 'gauge', 'summary_count']) {
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    assert.deepEqual(
      lines,
      expected.map((rest) => name + rest),
    );
  }
});
