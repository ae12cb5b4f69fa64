/**
 * A process of an application, controlled over IPC. It creates its metrics before `share()` unless `LATE_METRICS` is set, and, if
 * `FAILING_COLLECT` is set, a gauge of that name whose `collect()` fails. It does not use the metrics directory before its first
 * command.
 */
import { truncateSync } from 'node:fs';
import { Counter, Gauge, Histogram, register, Summary } from 'prom-client';
import { clearDirectory } from '../../src/clear-directory.ts';
import { share, takeSlot } from '../../src/index.ts';
import { loadLibc } from '../../src/os/libc.ts';

export type Command =
  | { id: number; call: MetricName; method: string; args: unknown[]; last?: true }
  | { id: number; get: keyof typeof ANSWERS }
  | { id: number; truncate: string }
  | { id: number; clear: string };

export type Answer = { id: number; value?: unknown; error?: string };

// Runs as an unprivileged user. The C library is loaded before, because this user may not be able to read node_modules.
if (process.env.RUN_AS !== undefined) {
  loadLibc();
  const id = Number(process.env.RUN_AS);
  process.setgroups!([]);
  process.setgid!(id);
  process.setuid!(id);
}

const warnings: string[] = [];
// Not Node's own, which node:ffi causes.
process.on('warning', ({ name, message }) => name === 'ExperimentalWarning' || warnings.push(message));
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
  changes: () => changes,
  takeSlot: () => takeSlot(),
};

export type MetricName = keyof typeof metrics;

process.on('message', async (command: Command) => {
  const answer: Answer = { id: command.id };
  try {
    answer.value = await run(command);
  } catch (error) {
    answer.error = (error as Error).message;
  }
  process.send?.(answer);
});

function run(command: Command): unknown {
  if ('get' in command) return ANSWERS[command.get]();
  if ('truncate' in command) return truncateSync(command.truncate);
  if ('clear' in command) return clearDirectory(command.clear, { waitMs: 0 });
  const metric = metrics[command.call] as unknown as Record<string, (...args: unknown[]) => unknown>;
  metric[command.method]!(...command.args);
  if (command.last) process.kill(process.pid, 'SIGKILL');
  return undefined;
}

// Exits with the test that started it.
process.on('disconnect', () => process.exit());
process.send?.({ id: 0 } satisfies Answer);
