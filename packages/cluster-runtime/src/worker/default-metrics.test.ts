import assert from 'node:assert/strict';
import perfHooks from 'node:perf_hooks';
import test from 'node:test';
import { register } from 'prom-client';
import { collectRuntimeMetrics } from './default-metrics.ts';

const AN_HOUR_MS = 3_600_000;

test('a worker has the default metrics of prom-client except the event loop lag, and no timer samples the lag', async (t) => {
  const monitor = t.mock.method(perfHooks, 'monitorEventLoopDelay');
  collectRuntimeMetrics();
  const text = await register.metrics();
  assert.deepEqual(text.match(/^nodejs_eventloop_lag.*/gm), null);
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_active_resources_total',
    'nodejs_gc_duration_seconds_count',
    'nodejs_eventloop_delay_seconds_count',
  ]) {
    assert.ok(text.includes(`# TYPE ${name.replace(/_count$/, '')} `), `${name} in ${text}`);
  }
  const resolutions = monitor.mock.calls.map(({ arguments: [options] }) => options?.resolution ?? 0);
  assert.equal(resolutions.length, 1);
  assert.ok(
    resolutions.every((resolution) => resolution >= AN_HOUR_MS),
    `${resolutions}`,
  );
});
