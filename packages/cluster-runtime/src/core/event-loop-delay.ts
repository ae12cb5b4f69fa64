import { Histogram, type HistogramConfiguration } from 'prom-client';

const AWAKE_EVERY_MS = 100;
const ASLEEP_EVERY_MS = 1000;
/** Samples without a `wake()` between them before the sampler falls asleep. */
const AWAKE_SAMPLES = 10;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface EventLoopSampler {
  /** Samples ten times a second for the next second. Call it when work begins. */
  readonly wake: () => void;
}

/**
 * Registers a histogram of how late a timer fires, in seconds: ten samples a second while the process has work, one otherwise, because
 * ten timers a second are most of what an idle process costs. Unlike the percentiles of `collectDefaultMetrics()`, a histogram can be
 * summed over workers and time. A blocked event loop gives one sample, whatever its length.
 */
export function observeEventLoopDelay(
  configuration: Pick<HistogramConfiguration<never>, 'name' | 'help' | 'registers'>,
): EventLoopSampler {
  const delay = new Histogram({ ...configuration, buckets: BUCKETS });
  let untilSleep = AWAKE_SAMPLES;
  let due = 0;
  let timer: NodeJS.Timeout | undefined;

  function schedule(ms: number): void {
    due = performance.now() + ms;
    timer = setTimeout(sample, ms).unref();
  }

  function sample(): void {
    delay.observe(Math.max(0, performance.now() - due) / 1000);
    if (untilSleep > 0) untilSleep -= 1;
    schedule(untilSleep > 0 ? AWAKE_EVERY_MS : ASLEEP_EVERY_MS);
  }

  schedule(AWAKE_EVERY_MS);
  return {
    wake() {
      const isAsleep = untilSleep === 0;
      untilSleep = AWAKE_SAMPLES;
      if (!isAsleep) return;
      clearTimeout(timer);
      schedule(AWAKE_EVERY_MS);
    },
  };
}
