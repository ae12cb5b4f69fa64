/**
 * A process of an application with `THREADS` worker threads, which share and collect default metrics. The main thread collects
 * them if `MAIN_HAS_METRICS` is set. Commands over IPC: report the resource usage, or end a thread first.
 */
import { readdirSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Counter, collectDefaultMetrics, Gauge, register } from 'prom-client';
import { share } from '../../src/index.ts';

export interface Usage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

const THREADS = Number(process.env.THREADS ?? 0);
share(register);
if (!isMainThread || process.env.MAIN_HAS_METRICS !== undefined) collectDefaultMetrics({ prefix: 'app_' });
new Counter({ name: 'started_total', help: 'Threads' }).inc();

if (isMainThread) {
  const threads: Worker[] = [];
  for (let i = 0; i < THREADS; i++) {
    threads.push(new Worker(new URL(import.meta.url), { env: process.env, workerData: i }));
  }
  process.on('message', async (command: 'usage' | { end: number }) => {
    if (command !== 'usage') await threads[command.end]!.terminate();
    const { user, system } = process.cpuUsage();
    const usage: Usage = {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage().rss,
      descriptors: readdirSync('/proc/self/fd').length,
    };
    process.send!(usage);
  });
  process.on('disconnect', () => process.exit());
} else {
  new Gauge({ name: 'thread_index', help: 'Which one' }).set(workerData as number);
  setInterval(() => {}, 1000);
}
