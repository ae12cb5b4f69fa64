import type { Scenarios } from './scenario.ts';

/** Counting with each kind of metric and label. */
export const COUNTING: Scenarios = {
  'an empty registry': () => {},
  'a counter without counts': (register, { Counter }) => {
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
