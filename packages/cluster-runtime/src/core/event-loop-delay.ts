import { Histogram, type HistogramConfiguration } from 'prom-client';

const EVERY_MS = 100;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * A histogram of how late a timer fires. Unlike the percentiles of `collectDefaultMetrics()` it adds up over workers and
 * over time. A block of any length is one sample: the longest wait of the callbacks that it held up.
 */
export function observeEventLoopDelay(
  configuration: Pick<HistogramConfiguration<never>, 'name' | 'help' | 'registers'>,
): void {
  const delay = new Histogram({ ...configuration, buckets: BUCKETS });
  let due = performance.now() + EVERY_MS;
  setInterval(() => {
    const now = performance.now();
    delay.observe(Math.max(0, now - due) / 1000);
    due = now + EVERY_MS;
  }, EVERY_MS).unref();
}
