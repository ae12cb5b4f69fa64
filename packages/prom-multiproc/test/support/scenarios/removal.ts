import type { Scenarios } from './scenario.ts';

/** Removal and reset of series. */
export const REMOVAL: Scenarios = {
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
  'summaries with a time window': (register, { Summary }) => {
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
};
