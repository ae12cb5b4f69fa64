import type { Scenarios } from './scenario.ts';

/** Other uses of prom-client than plain counting. */
export const SPECIAL: Scenarios = {
  'collect() of every type': (register, { Counter, Gauge, Histogram, Summary }) => {
    // prom-client calls collect() once for each scrape, this library may call it more often. So the result must not depend on it.
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
  "subclasses of the client's classes": (register, { Counter, Gauge, Histogram }) => {
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
  'methods that the application replaces': (register, { Counter, Gauge, Histogram }) => {
    const labelNames = ['x', 'y'];
    const registers = [register];
    // The common methods of the classes, with any arguments.
    type Method = (...args: unknown[]) => never;
    const methods = (metric: object) => metric as unknown as Record<string, Method>;
    class LabelledCounter extends Counter {
      override labels(...args: unknown[]) {
        return methods(Counter.prototype).labels!.call(this, 'fixed', ...args);
      }
    }
    class LabelledHistogram extends Histogram {
      override labels(...args: unknown[]) {
        return methods(Histogram.prototype).labels!.call(this, 'fixed', ...args);
      }
    }
    class Doubled extends Gauge {
      override set(value: unknown) {
        super.set((value as number) * 2);
      }
    }
    const counter = methods(new LabelledCounter({ name: 'a_total', help: 'A', labelNames, registers }));
    const histogram = methods(new LabelledHistogram({ name: 'b', help: 'B', labelNames, registers }));
    for (let i = 0; i < 3; i++) {
      methods(counter.labels!('1')).inc!();
      methods(histogram.labels!('1')).observe!(1);
    }
    const gauge = new Doubled({ name: 'c', help: 'C', registers });
    for (const value of [1, 2, 3]) gauge.set(value);
    const wrapped = new Counter({ name: 'd_total', help: 'D', labelNames, registers });
    const { inc } = methods(wrapped);
    const child = wrapped.labels('1', '2');
    methods(wrapped).inc = (labels, value = 1) => inc!.call(wrapped, labels, (value as number) * 10);
    wrapped.inc({ x: '1' });
    wrapped.inc({ x: '1' }, 2);
    wrapped.labels('1', '2').inc();
    child.inc();
    const observed = new Histogram({ name: 'e', help: 'E', registers });
    const { observe } = methods(observed);
    methods(observed).observe = (value) => observe!.call(observed, (value as number) * 10);
    for (const value of [0.1, 0.2]) observed.observe(value);
  },
  'extreme values': (register, { Counter, Gauge, Histogram }) => {
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
};
