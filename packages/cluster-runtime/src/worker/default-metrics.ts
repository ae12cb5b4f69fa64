import { collectDefaultMetrics, register } from 'prom-client';
import { observeEventLoopDelay } from '../core/event-loop-delay.ts';

const LAG = /^nodejs_eventloop_lag_/;
/** 24 days. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * prom-client's default metrics, with a histogram of the event loop's delay in the place of its `nodejs_eventloop_lag_*`:
 * sampling for those wakes an idle process a hundred times a second, and percentiles of single workers do not add up.
 */
export function collectRuntimeMetrics(): void {
  collectDefaultMetrics({ eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of register.getMetricsAsArray()) {
    if (LAG.test(name)) register.removeSingleMetric(name);
  }
  observeEventLoopDelay({
    name: 'nodejs_eventloop_delay_seconds',
    help: 'How late a timer of a worker fires, sampled ten times a second',
  });
}
