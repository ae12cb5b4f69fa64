/** In one process with a fresh directory a shared registry reads as one of plain prom-client does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry } from 'prom-client';
import client from 'prom-client';
import { shareIn, twinRegistries } from './testing/twin-registries.ts';

type Prom = typeof client;
const OPEN_METRICS = client.Registry.OPENMETRICS_CONTENT_TYPE;

/** Quantiles of summaries are not shared: those of one process say nothing of all. */
const withoutQuantiles = (text: string) => text.replaceAll(/^.*[{,]quantile=.*\n/gm, '');

const SCENARIOS: Record<string, (register: Registry, prom: Prom) => void> = {
  'an empty registry': () => {},
  'a counter that was never counted in': (register, { Counter }) => {
    new Counter({ name: 'a_total', help: 'A', registers: [register] });
    new Counter({ name: 'b_total', help: 'B', labelNames: ['x'], registers: [register] });
  },
  'a counter': (register, { Counter }) => {
    const counter = new Counter({ name: 'a_total', help: 'A', registers: [register] });
    counter.inc();
    counter.inc(0);
    counter.inc(1.5);
  },
  'a counter with labels in any order': (register, { Counter }) => {
    const counter = new Counter({
      name: 'a_total',
      help: 'A',
      labelNames: ['x', 'y', 'z'],
      registers: [register],
    });
    counter.inc({ x: 1, y: 2, z: 3 });
    counter.inc({ z: 3, y: 2, x: 1 }, 2);
    counter.inc({ y: 'b' });
    counter.inc({});
    counter.inc({ z: 'only', x: '' }, 4);
    counter.labels('1', '2', '3').inc(10);
    counter.labels({ y: 'b' }).inc(20);
  },
  'label values of every kind': (register, { Counter }) => {
    const counter = new Counter({ name: 'a_total', help: 'A', labelNames: ['x'], registers: [register] });
    for (const x of [
      1,
      '1',
      1.5,
      -0,
      true,
      null,
      '',
      'ü',
      '日本',
      '🙂',
      ' ',
      '#',
      '}',
      ',',
      '=',
      '{a="b"}',
    ]) {
      counter.inc({ x: x as string });
    }
    counter.inc({ x: { toString: () => 'object' } as unknown as string });
    counter.inc({ x: ['a', 'b'] as unknown as string });
  },
  escapes: (register, { Counter, Gauge, Histogram, Summary }) => {
    const labelNames = ['x'];
    const help = 'back\\slash, "quotes" and\nline feed';
    const labels = { x: 'back\\slash, "quotes",\nline feed, \\n and \\"' };
    new Counter({ name: 'a_total', help, labelNames, registers: [register] }).inc(labels);
    new Gauge({ name: 'b', help, labelNames, registers: [register] }).inc(labels);
    new Histogram({ name: 'c', help, labelNames, registers: [register] }).observe(labels, 1);
    new Summary({ name: 'd', help, labelNames, registers: [register] }).observe(labels, 1);
  },
  gauges: (register, { Gauge }) => {
    const gauge = new Gauge({ name: 'a', help: 'A', labelNames: ['x'], registers: [register] });
    gauge.set({ x: '1' }, 5);
    gauge.inc({ x: '1' });
    gauge.dec({ x: '1' }, 2.5);
    gauge.set({ x: 'inf' }, Number.POSITIVE_INFINITY);
    gauge.set({ x: '-inf' }, Number.NEGATIVE_INFINITY);
    gauge.set({ x: 'tiny' }, 1e-300);
    gauge.set({ x: 'huge' }, 1e300);
    gauge.labels('child').set(3);
    gauge.labels('child').dec();
    gauge.set({}, 9);
    for (const aggregator of ['sum', 'first', 'min', 'max', 'average'] as const) {
      new Gauge({ name: `g_${aggregator}`, help: 'G', aggregator, registers: [register] }).set(-2);
    }
    new Gauge({ name: 'untouched', help: 'U', registers: [register] });
    const collected = new Gauge({
      name: 'collected',
      help: 'C',
      labelNames: ['x'],
      registers: [register],
      collect() {
        this.reset();
        this.set({ x: 'now' }, 42);
      },
    });
    collected.set({ x: 'stale' }, 1);
    new Gauge({
      name: 'collected_later',
      help: 'C',
      registers: [register],
      async collect() {
        await Promise.resolve();
        this.set(7);
      },
    });
  },
  histograms: (register, { Histogram }) => {
    new Histogram({ name: 'untouched', help: 'U', registers: [register] });
    const plain = new Histogram({ name: 'a', help: 'A', registers: [register] });
    for (const value of [0, 0.005, 0.0051, 1, 10, 11, -1, 1e9]) plain.observe(value);
    const one = new Histogram({
      name: 'b',
      help: 'B',
      labelNames: ['x', 'y'],
      buckets: [1],
      registers: [register],
    });
    one.observe({ y: '2', x: '1' }, 1);
    one.observe({ x: '1', y: '2' }, 1.0000001);
    one.labels('1', '2').observe(0.5);
    one.labels({ y: 'only' }).observe(5);
    one.zero({ x: 'zero' });
    const odd = new Histogram({
      name: 'c',
      help: 'C',
      buckets: [-2.5, 0, 0.1, 1e6],
      registers: [register],
    });
    for (const value of [-3, -2.5, -0.5, 0, 0.1, 0.2, 1e6, 1e7]) odd.observe(value);
    new Histogram({ name: 'd', help: 'D', buckets: [], registers: [register] }).observe(3);
  },
  summaries: (register, { Summary }) => {
    new Summary({ name: 'untouched', help: 'U', registers: [register] });
    new Summary({ name: 'a', help: 'A', registers: [register] }).observe(1.5);
    const labelled = new Summary({ name: 'b', help: 'B', labelNames: ['x', 'y'], registers: [register] });
    labelled.observe({ y: '2', x: '1' }, 1);
    labelled.observe({ x: '1', y: '2' }, 3);
    labelled.labels('1', '2').observe(-4);
  },
  remove: (register, { Counter, Gauge, Histogram, Summary }) => {
    const labelNames = ['x'];
    const counter = new Counter({ name: 'a_total', help: 'A', labelNames, registers: [register] });
    const gauge = new Gauge({ name: 'b', help: 'B', labelNames, registers: [register] });
    const histogram = new Histogram({ name: 'c', help: 'C', labelNames, registers: [register] });
    const summary = new Summary({ name: 'd', help: 'D', labelNames, registers: [register] });
    const child = counter.labels('2');
    for (const x of ['1', '2', '3']) {
      counter.inc({ x });
      gauge.set({ x }, 1);
      histogram.observe({ x }, 1);
      summary.observe({ x }, 1);
    }
    counter.remove('3');
    gauge.remove('3');
    histogram.remove('3');
    summary.remove('3');
    counter.remove({ x: 'never was' });
    counter.inc({ x: '3' });
    histogram.observe({ x: '3' }, 2);
    child.inc(5);
    summary.remove({ x: '1' });
  },
  reset: (register, { Counter, Gauge, Histogram, Summary }) => {
    const labelNames = ['x'];
    const registers = [register];
    const a = new Counter({ name: 'a_total', help: 'A', labelNames, registers });
    const b = new Counter({ name: 'b_total', help: 'B', registers });
    const c = new Gauge({ name: 'c', help: 'C', labelNames, registers });
    const d = new Gauge({ name: 'd', help: 'D', registers });
    const e = new Histogram({ name: 'e', help: 'E', labelNames, registers });
    const f = new Histogram({ name: 'f', help: 'F', registers });
    const g = new Summary({ name: 'g', help: 'G', labelNames, registers });
    const h = new Summary({ name: 'h', help: 'H', registers });
    const untouched = new Histogram({ name: 'i', help: 'I', registers });
    const count = (x: string) => {
      for (const metric of [a, c]) metric.inc({ x }, 2);
      for (const metric of [b, d]) metric.inc(2);
      for (const metric of [e, g]) metric.observe({ x }, 2);
      for (const metric of [f, h]) metric.observe(2);
    };
    const child = a.labels('1');
    untouched.observe(1);
    count('1');
    count('2');
    register.resetMetrics();
    child.inc();
    count('2');
  },
  'zero and observe again': (register, { Histogram }) => {
    const histogram = new Histogram({
      name: 'a',
      help: 'A',
      labelNames: ['x'],
      buckets: [1, 2],
      registers: [register],
    });
    const child = histogram.labels('1');
    child.observe(1);
    histogram.zero({ x: '1' });
    child.observe(2);
    histogram.observe({ x: '1' }, 3);
  },
  'default labels': (register, { Counter, Gauge, Histogram, Summary }) => {
    register.setDefaultLabels({ app: 'pan"dora', x: 'default', n: 1 });
    const labelNames = ['x', 'y'];
    new Counter({ name: 'a_total', help: 'A', labelNames, registers: [register] }).inc({ y: '1' });
    new Counter({ name: 'b_total', help: 'B', registers: [register] }).inc();
    new Gauge({ name: 'c', help: 'C', labelNames, registers: [register] }).set({ x: '1' }, 1);
    const histogram = new Histogram({ name: 'd', help: 'D', labelNames, registers: [register] });
    histogram.observe({ x: '1' }, 1);
    histogram.observe({ y: '1' }, 1);
    new Summary({ name: 'e', help: 'E', labelNames, registers: [register] }).observe({ y: '2' }, 1);
  },
  timers: (register, { Gauge, Histogram, Summary }) => {
    const labelNames = ['x'];
    new Histogram({ name: 'a', help: 'A', labelNames, buckets: [1e6], registers: [register] }).startTimer({
      x: '1',
    })();
    new Histogram({ name: 'b', help: 'B', labelNames, buckets: [1e6], registers: [register] })
      .labels('1')
      .startTimer()();
    new Summary({ name: 'c', help: 'C', labelNames, registers: [register] }).startTimer()({ x: '2' });
    new Gauge({ name: 'd', help: 'D', labelNames, registers: [register] }).startTimer({ x: '1' })();
  },
};

/** Durations differ from run to run. */
const withoutDurations = (text: string) => text.replaceAll(/^((?:a|b|c)_sum.*|d\{.*) \S+$/gm, '$1 ?');

for (const [what, scenario] of Object.entries(SCENARIOS)) {
  for (const contentType of [undefined, OPEN_METRICS]) {
    test(`${what}: same text as prom-client${contentType ? ' in OpenMetrics' : ''}`, async (t) => {
      const { shared, plain, both } = twinRegistries(t, contentType);
      both(scenario);
      const blur = what === 'timers' ? withoutDurations : (text: string) => text;
      for (let scrape = 0; scrape < 2; scrape++) {
        const expected = blur(withoutQuantiles(await plain.metrics()));
        assert.equal(blur(await shared.metrics()), expected);
      }
      // Asked after metrics(), for prom-client renames counters of OpenMetrics only there.
      for (const { name } of shared.getMetricsAsArray()) {
        const expected = blur(withoutQuantiles(await plain.getSingleMetricAsString(name)));
        assert.equal(blur(await shared.getSingleMetricAsString(name)), expected);
      }
    });
  }
}

test('metrics and series made and counted before share() keep their values', async (t) => {
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
      stop: histogram.startTimer(),
    };
    return () => {
      children.counter.inc();
      children.early.inc();
      children.gauge.inc(2);
      children.summary.observe(3);
      children.stop();
      histogram.observe(5);
    };
  });
  shareIn(directory, late);
  for (const act of acts) act();
  const blur = (text: string) => withoutQuantiles(text).replace(/b_sum .*/, 'b_sum ?');
  assert.equal(blur(await late.metrics()), blur(await plain.metrics()));
});

test('collectDefaultMetrics gives the same names, types and help', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register, { collectDefaultMetrics }) => collectDefaultMetrics({ register, prefix: 'app_' }));
  const heads = (text: string) => text.split('\n').filter((line) => line.startsWith('#'));
  assert.deepEqual(heads(await shared.metrics()), heads(await plain.metrics()));
  const names = (text: string) => new Set(text.match(/^\w+(?=[{ ])/gm));
  const shown = names(await shared.metrics());
  const missing = [...names(await plain.metrics())].filter((name) => !shown.has(name));
  const omitted = 'app_process_start_time_seconds';
  // Gauges of NaN are not shown: prom-client sets these before it has measured anything.
  const unknownYet = /eventloop_lag_(mean|stddev)_seconds/;
  assert.deepEqual(
    missing.filter((name) => !unknownYet.test(name)),
    [omitted],
  );
});

test('arguments and errors are those of prom-client', (t) => {
  const { shared, plain } = twinRegistries(t);
  const make = (register: Registry) => ({
    counter: new client.Counter({
      name: 'a_total',
      help: 'A',
      labelNames: ['x', 'y'],
      registers: [register],
    }),
    bare: new client.Counter({ name: 'b_total', help: 'B', registers: [register] }),
    gauge: new client.Gauge({ name: 'c', help: 'C', labelNames: ['x'], registers: [register] }),
    histogram: new client.Histogram({ name: 'd', help: 'D', labelNames: ['x', 'y'], registers: [register] }),
    bareHistogram: new client.Histogram({ name: 'e', help: 'E', registers: [register] }),
    summary: new client.Summary({ name: 'f', help: 'F', labelNames: ['x'], registers: [register] }),
  });
  const twins = { shared: make(shared), plain: make(plain) };
  const values = [
    undefined,
    null,
    0,
    -0,
    1,
    -1,
    2.5,
    '',
    '5',
    'word',
    '%d',
    Infinity,
    -Infinity,
    true,
    false,
    5n,
    {},
    [],
    { x: 1 },
    () => {},
  ];
  const labels = [
    { x: '1' },
    {},
    { x: '1', y: '2' },
    { z: 'bad' },
    { x: '1', z: 'bad' },
    null,
    undefined,
    0,
    '',
    [],
  ];
  const calls: [keyof typeof twins.shared, string, unknown[]][] = [];
  for (const [metric, method] of [
    ['bare', 'inc'],
    ['bareHistogram', 'observe'],
  ] as const) {
    for (const value of values) calls.push([metric, method, [value]]);
    calls.push([metric, method, []]);
  }
  for (const [metric, method] of [
    ['counter', 'inc'],
    ['histogram', 'observe'],
    ['summary', 'observe'],
    ['gauge', 'set'],
    ['gauge', 'inc'],
  ] as const) {
    for (const own of labels) {
      for (const value of values) calls.push([metric, method, [own, value]]);
      calls.push([metric, method, [own]]);
    }
  }
  for (const metric of ['counter', 'histogram', 'gauge', 'summary'] as const) {
    for (const args of [[], ['1'], ['1', '2'], ['1', '2', '3'], [{ z: 1 }], [null]]) {
      calls.push([metric, 'labels', args], [metric, 'remove', args]);
    }
  }
  const outcome = (metric: object, method: string, args: unknown[]): string => {
    try {
      (metric as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
      return 'returns';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  const differing: unknown[] = [];
  for (const [metric, method, args] of calls) {
    const expected = outcome(twins.plain[metric], method, args);
    const actual = outcome(twins.shared[metric], method, args);
    if (actual !== expected) differing.push({ metric, method, args, expected, actual });
  }
  assert.deepEqual(differing, []);
});

test('labels that the hash of prom-client confuses stay apart', async (t) => {
  const { shared } = twinRegistries(t);
  const labelNames = ['a', 'b'];
  const registers = [shared];
  const confused = [{ a: '1,b:2' }, { a: '1', b: '2' }];
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
  const both = ['{a="1,b:2"} 4', '{a="1",b="2"} 4'];
  for (const name of ['counter_total', 'histogram_count', 'gauge', 'summary_count']) {
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    assert.deepEqual(
      lines,
      both.map((rest) => name + rest),
    );
  }
});
