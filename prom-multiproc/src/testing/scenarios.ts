import type client from 'prom-client';

type Prom = typeof client;

/** Ways to use prom-client, each done to a registry of its own. */
export const SCENARIOS: Record<string, (register: client.Registry, prom: Prom) => void> = {
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
  'collect() of every type': (register, { Counter, Gauge, Histogram, Summary }) => {
    // A scrape collects once in prom-client; what is collected must not depend on how often.
    const registers = [register];
    new Counter({
      name: 'a_total',
      help: 'A',
      registers,
      collect() {
        this.reset();
        this.inc(5);
      },
    });
    new Gauge({ name: 'b', help: 'B', registers, collect() {} });
    new Histogram({
      name: 'c',
      help: 'C',
      labelNames: ['x'],
      buckets: [1],
      registers,
      collect() {
        this.remove({ x: '1' });
        this.observe({ x: '1' }, 0.5);
      },
    });
    new Summary({
      name: 'd',
      help: 'D',
      labelNames: ['x'],
      registers,
      async collect() {
        this.remove('1');
        await Promise.resolve();
        this.observe({ x: '1' }, 2);
      },
    });
  },
  "classes of the application's own": (register, { Counter, Gauge, Histogram }) => {
    const registers = [register];
    class Twice extends Counter {
      override inc(value?: unknown) {
        super.inc((value as number) * 2);
      }
    }
    class Percent extends Gauge {
      setPercent(value: number) {
        this.set(value / 100);
      }
    }
    class Millis extends Histogram {
      observeMillis(value: number) {
        this.observe(value / 1000);
      }
    }
    new Twice({ name: 'a_total', help: 'A', registers }).inc(3);
    new Percent({ name: 'b', help: 'B', registers }).setPercent(50);
    new Millis({ name: 'c', help: 'C', registers }).observeMillis(20);
  },
  'amounts at the edges': (register, { Counter, Gauge, Histogram }) => {
    const registers = [register];
    const counter = new Counter({ name: 'a_total', help: 'A', labelNames: ['x'], registers });
    const gauge = new Gauge({ name: 'b', help: 'B', labelNames: ['x'], registers });
    const histogram = new Histogram({ name: 'c', help: 'C', labelNames: ['x'], registers });
    for (const x of [
      Number.MAX_SAFE_INTEGER,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      Number.EPSILON,
      1e21,
      1e-7,
    ]) {
      counter.inc({ x }, x);
      counter.inc({ x }, 1);
      gauge.set({ x }, -x);
      gauge.dec({ x }, 1);
      histogram.observe({ x }, x);
      histogram.observe({ x }, -x);
    }
  },
  'summaries that forget': (register, { Summary }) => {
    const config = { help: 'A', labelNames: ['x'], registers: [register], percentiles: [0.5] };
    const summary = new Summary({
      ...config,
      name: 'a',
      maxAgeSeconds: 600,
      ageBuckets: 5,
      compressCount: 2,
    });
    for (let i = 0; i < 7; i++) summary.observe({ x: String(i % 2) }, i);
    const child = summary.labels('0');
    summary.reset();
    child.observe(9);
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
