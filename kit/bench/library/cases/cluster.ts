/**
 * A cluster whose primary serves the metrics of its workers: `cluster.ts <side> <counters|histograms> <series> <workers>`. Sends its port
 * to the parent once every worker has counted in every series. Messages: `count`, `watch`, `longest-stall`.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, clientOf, isOurs } from '../sides.ts';
import { joinCluster, metricsListener } from './metrics-listener.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LABELS = ['method', 'route', 'status'];
const COUNT = 'count';
/** The first timer after a stall records it. */
const SAMPLED_WITHIN_MS = 10;

const [side, kind, seriesText, workersText] = process.argv.slice(2) as [string, string, string, string];
const series = Number(seriesText);
const workers = Number(workersText);
const client: Client = clientOf(side);

if (cluster.isPrimary) await runPrimary();
else runWorker();

async function runPrimary(): Promise<void> {
  if (isOurs(side)) process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory();
  // Before the workers start: a peer's aggregator must receive their announcements.
  const serve = metricsListener(side, client);
  const forked: Worker[] = [];
  process.once('disconnect', () => {
    for (const worker of forked) worker.process.kill('SIGKILL');
    process.exit(0);
  });
  for (let i = 0; i < workers; i++) forked.push(cluster.fork());
  await Promise.all(forked.map((worker) => once(worker, 'message')));

  const server = createServer({ keepAliveTimeout: 0 }, serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send!((server.address() as AddressInfo).port);

  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  process.on('message', async (request) => {
    if (request === COUNT) {
      await Promise.all(forked.map((worker) => counted(worker)));
      process.send!('counted');
    } else if (request === 'watch') {
      delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      await sleep(SAMPLED_WITHIN_MS);
      process.send!('watching');
    } else if (request === 'longest-stall') {
      await sleep(SAMPLED_WITHIN_MS);
      delay!.disable();
      process.send!(delay!.max / 1e6);
    }
  });
}

/** Resolves when the worker has counted. Ignores messages of the client. */
async function counted(worker: Worker): Promise<void> {
  worker.send(COUNT);
  for (;;) {
    const [message] = await once(worker, 'message');
    if (message === COUNT) return;
  }
}

function runWorker(): void {
  joinCluster(side, client);
  const count = kind === 'histograms' ? histograms() : counters();
  let times = 0;
  const countAll = (): void => {
    for (let i = 0; i < series; i++) count(i, times);
    times++;
  };
  countAll();
  process.on('message', (message) => {
    if (message !== COUNT) return;
    countAll();
    process.send!(COUNT);
  });
  process.send!('ready');
}

function labelsOf(i: number) {
  return { method: 'GET', route: `/route/${i}`, status: '200' };
}

function counters(): (i: number) => void {
  const one = new client.Counter({ name: 'http_requests_total', help: 'Requests', labelNames: LABELS });
  return (i) => one.inc(labelsOf(i));
}

function histograms(): (i: number, times: number) => void {
  const config = { name: 'http_request_duration_seconds', help: 'Seconds', labelNames: LABELS };
  const one = new client.Histogram({ ...config, buckets: BUCKETS });
  return (i, times) => one.observe(labelsOf(i), BUCKETS[(i + times) % BUCKETS.length]!);
}
