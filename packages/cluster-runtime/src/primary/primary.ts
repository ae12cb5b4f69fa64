import cluster from 'node:cluster';
import { once } from 'node:events';
import { closeSync, existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { register } from 'prom-client';
import { metricsHandler, share } from 'prom-multiproc';
import type { Extension, MetricsAnswer, MetricsRoute } from '../core/extension.ts';
import { PRIMARY_FD } from '../core/inherited-socket.ts';
import { log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import { loadSocketCalls } from '../core/socket-calls.ts';
import type { Status } from '../core/status.ts';
import { trimHeap } from '../core/trim-heap.ts';
import { refuseUnparsed } from '../http/parse-errors.ts';
import { FinalScrape } from './final-scrape.ts';
import { InheritedPort } from './inherited-port.ts';
import { createMetricsServer } from './metrics-server.ts';
import { createPoolMetrics } from './pool-metrics.ts';
import { RollingOperations } from './rolling-operations.ts';
import { createTargetsRoute, slotsOf } from './service-discovery.ts';
import { Watchdog } from './watchdog.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Starts the primary. It reads the metrics that the workers share, and writes none of them. */
export async function startPrimary(
  settings: Settings,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  if (settings.metrics) share(register);
  await runPrimary(settings, extension);
}

/**
 * Runs the worker pool and the metrics server. With SCHED_NONE the workers accept connections themselves: a busy primary or
 * a stopped worker does not delay requests that other workers can take. See https://nodejs.org/api/cluster.html#clusterschedulingpolicy.
 */
export async function runPrimary(
  settings: Settings,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  // stderr is a pipe, because only V8's last output distinguishes a full heap from other aborts.
  const inherited = settings.listenOnStdin ? [PRIMARY_FD] : [];
  cluster.setupPrimary({ stdio: ['ignore', 'inherit', 'pipe', 'ipc', ...inherited] });

  const pool = new WorkerPool(settings);
  const metrics = createPoolMetrics(pool);
  const operations = new RollingOperations({ pool, onReload: metrics.reloaded });
  const watchdog = new Watchdog<WorkerProcess>({
    timeoutMs: settings.workerTimeoutMs,
    watched: () => pool.workers().filter(({ state }) => state !== 'starting'),
    onStuck(worker, silentMs) {
      log('error', 'killing a worker that does not answer', { worker_pid: worker.pid, silent_ms: silentMs });
      worker.kill('stuck');
    },
  });
  const port = settings.listenOnStdin ? await followPort(settings, pool) : undefined;
  const added = extension.primary?.({ settings, readyWorkers: () => readyWorkers(pool) });

  pool.on('message', (worker, message) => {
    watchdog.answered(worker);
    if (message.type === 'listening') port?.opened();
    if (message.type === 'extension') added?.onMessage?.(message.message);
    if (message.type === 'reload') operations.reload();
    if (message.type === 'recycle') operations.replace(worker, 'recycle', message.reason);
    replaceUnsharing(pool, operations);
  });
  pool.on('give-up', () => {
    log('error', 'giving up: no worker stayed up', { give_up_ms: settings.giveUpMs });
    pool.killAll();
    process.exit(1);
  });
  const finalScrape = new FinalScrape();
  handleSignals(pool, operations, {
    beforeDrain() {
      watchdog.stop();
      if (port === undefined) return;
      port.stop();
      // So does supervisord if it ends too. If no worker closes the port (last-connections.ts), the last copy does.
      closeSync(PRIMARY_FD);
    },
    async afterDrain() {
      if (wantsFinalScrape(settings)) await finalScrape.wait();
    },
  });

  const server = createMetricsServer(routes(settings, pool, operations, added?.routes), {
    requireSharing: () => requireSharing(settings, pool),
    serve: metricsHandler(register, metrics.registry),
  });
  server.on('request', metrics.onRequest);
  server.on('request', finalScrape.onRequest);
  refuseUnparsed(server, metrics.unparsed);
  server.listen(settings.metricsPort, settings.host);
  await once(server, 'listening');
  log('info', 'metrics server listening', { port: (server.address() as AddressInfo).port });

  pool.boot();
  // While the workers start.
  trimHeap();
  watchdog.start();
  port?.start();
}

async function followPort({ waitForWorkerMs, ffi }: Settings, pool: WorkerPool): Promise<InheritedPort> {
  return new InheritedPort({
    waitForWorkerMs,
    hasListening: () => pool.workers().some(({ state }) => state === 'ready'),
    ...(await loadSocketCalls(PRIMARY_FD, ffi)),
  });
}

function wantsFinalScrape({ finalScrape, plannedEndMark, finalScrapeMark }: Settings): boolean {
  if (finalScrapeMark !== undefined && existsSync(finalScrapeMark)) return true;
  return finalScrape && (plannedEndMark === undefined || existsSync(plannedEndMark));
}

function readyWorkers(pool: WorkerPool) {
  return pool
    .workers()
    .filter(({ state }) => state === 'ready')
    .map((worker) => ({
      id: worker.id,
      send: (message: unknown) => worker.send({ type: 'extension', message }),
    }));
}

/** Replaces the workers that cannot share if others can: `/metrics` does not show the counts of the former. */
function replaceUnsharing(pool: WorkerPool, operations: RollingOperations): void {
  const serving = pool.workers().filter(({ serves }) => serves);
  if (!serving.some(({ shares }) => shares)) return;
  for (const worker of serving) {
    if (worker.cannotShare !== undefined) operations.replace(worker, 'cannot-share', worker.cannotShare);
  }
}

function handleSignals(
  pool: WorkerPool,
  operations: RollingOperations,
  { beforeDrain, afterDrain }: { beforeDrain(): void; afterDrain(): Promise<void> },
): void {
  let ending = false;
  async function end(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    if (ending) {
      log('warn', 'second signal; exiting at once', { signal });
      pool.killAll();
      process.exit(128 + constants.signals[signal]);
    }
    ending = true;
    log('info', 'draining', { signal });
    beforeDrain();
    await pool.drain();
    // SIGINT is Ctrl-C, after which a person waits for the end.
    if (signal === 'SIGTERM') await afterDrain();
    log('info', 'drained; exiting');
    process.exit(0);
  }
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
  process.on('SIGHUP', () => operations.reload());
  process.on('SIGTTIN', () => operations.scale(1));
  process.on('SIGTTOU', () => operations.scale(-1));
}

/** Returns the routes of the metrics server other than `/metrics`. */
function routes(
  settings: Settings,
  pool: WorkerPool,
  operations: RollingOperations,
  added: ReadonlyMap<string, MetricsRoute> = new Map(),
): ReadonlyMap<string, MetricsRoute> {
  const slots = slotsOf(() => settings.metricsDirectory!);
  const targets = createTargetsRoute(() => {
    requireSharing(settings, pool);
    return slots();
  });
  return new Map<string, MetricsRoute>([
    ['/status', () => status(pool, operations)],
    ['/targets', targets],
    ...added,
  ]);
}

/** @throws Error if there are no correct totals to show */
function requireSharing(settings: Settings, pool: WorkerPool): void {
  if (!settings.metrics) throw new Error('METRICS=0 switches metrics off; unset METRICS');
  if (settings.metricsDirectory === undefined) {
    throw new Error(
      'PROMETHEUS_MULTIPROC_DIR is not set, so workers share no metrics; set it to a directory',
    );
  }
  pool.requireSharing();
}

function status(pool: WorkerPool, operations: RollingOperations): MetricsAnswer {
  const body: Status = {
    primary: { pid: process.pid },
    workers: pool.status(),
    workersDesired: pool.desired,
    ...operations.status(),
  };
  return { contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
