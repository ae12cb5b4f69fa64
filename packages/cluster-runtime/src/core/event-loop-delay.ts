import { Histogram, type HistogramConfiguration } from 'prom-client';

const EVERY_MS = 100;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Registers a histogram of how late a 100 ms timer fires, in seconds. Unlike the percentiles of `collectDefaultMetrics()`, a
 * histogram can be summed over workers and time. A blocked event loop gives one sample, whatever its length.
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
