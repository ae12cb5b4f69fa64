import type { Scenarios } from './scenario.ts';

/** What applications do beside plain counting. */
export const SPECIAL: Scenarios = {
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
};
