/**
 * A process of an application, told over IPC what to do. It makes its metrics before `share()` unless `LATE_METRICS` is
 * set, and one whose `collect()` fails if `FAILING_COLLECT` names it; it has nothing to do with the metrics directory until it is told to count.
 */
import { truncateSync } from 'node:fs';
import { Counter, Gauge, Histogram, register, Summary } from 'prom-client';
import { clearDirectory } from '../../src/clear-directory.ts';
import { share, takeSlot } from '../../src/index.ts';
import { loadLibc } from '../../src/os/libc.ts';

export type Order =
  | { id: number; call: MetricName; method: string; args: unknown[]; last?: true }
  | { id: number; ask: keyof typeof ANSWERS }
  | { id: number; cut: string }
  | { id: number; clear: string };

export type Answer = { id: number; value?: unknown; error?: string };

// What an ordinary user meets, tried as root: who may not read the sources, has them already.
if (process.env.RUN_AS !== undefined) {
  loadLibc();
  const id = Number(process.env.RUN_AS);
  process.setgroups!([]);
  process.setgid!(id);
  process.setuid!(id);
}

const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.message));
const changes: string[] = [];
const onFailure = (error: Error) => changes.push(error.message);
const onRecovered = () => changes.push('recovered');

if (process.env.LATE_METRICS !== undefined) share(register, { onFailure, onRecovered });
const metrics = {
  requests: new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'] }),
  plain: new Counter({ name: 'plain_total', help: 'No labels' }),
  inFlight: new Gauge({ name: 'in_flight', help: 'In flight' }),
  highest: new Gauge({ name: 'highest', help: 'Highest', aggregator: 'max' }),
  seconds: new Histogram({ name: 'seconds', help: 'Seconds', labelNames: ['route'], buckets: [1, 2, 4] }),
  sizes: new Summary({ name: 'sizes', help: 'Sizes', labelNames: ['route'] }),
};
share(register, { onFailure, onRecovered });
const { FAILING_COLLECT } = process.env;
if (FAILING_COLLECT !== undefined) {
  const collect = () => Promise.reject(new Error('cannot be collected'));
  new Gauge({ name: FAILING_COLLECT, help: 'Fails', collect });
}

const ANSWERS = {
  metrics: () => register.metrics(),
  warnings: () => warnings,
  /** What `onFailure` was told, and `recovered` for each call of `onRecovered`. */
  changes: () => changes,
  takeSlot: () => takeSlot(),
};

export type MetricName = keyof typeof metrics;

process.on('message', async (order: Order) => {
  const answer: Answer = { id: order.id };
  try {
    answer.value = await obey(order);
  } catch (error) {
    answer.error = (error as Error).message;
  }
  process.send?.(answer);
});

function obey(order: Order): unknown {
  if ('ask' in order) return ANSWERS[order.ask]();
  if ('cut' in order) return truncateSync(order.cut);
  if ('clear' in order) return clearDirectory(order.clear, { waitMs: 0 });
  const metric = metrics[order.call] as unknown as Record<string, (...args: unknown[]) => unknown>;
  metric[order.method]!(...order.args);
  if (order.last) process.kill(process.pid, 'SIGKILL');
  return undefined;
}

// Ends with the test that started it.
process.on('disconnect', () => process.exit());
process.send?.({ id: 0 } satisfies Answer);
