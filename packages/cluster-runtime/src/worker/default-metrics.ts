import { collectDefaultMetrics, register } from 'prom-client';
import { type EventLoopSampler, observeEventLoopDelay } from '../core/event-loop-delay.ts';

const LAG = /^nodejs_eventloop_lag_/;
/** 24 days. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Collects the default metrics of prom-client. A histogram of the event loop delay replaces its `nodejs_eventloop_lag_*`: sampling
 * for those wakes an idle process 100 times a second, and percentiles of single workers cannot be aggregated.
 */
export function collectRuntimeMetrics(): EventLoopSampler {
  collectDefaultMetrics({ eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of register.getMetricsAsArray()) {
    if (LAG.test(name)) register.removeSingleMetric(name);
  }
  return observeEventLoopDelay({
    name: 'nodejs_eventloop_delay_seconds',
    help: 'Event loop delay of the workers in seconds, sampled ten times a second under load',
  });
}
