import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { register } from 'prom-client';
import { metricsHandler, share } from 'prom-multiproc';
import type { Extension, MetricsAnswer, MetricsRoute } from '../core/extension.ts';
import type { ToPrimary } from '../core/ipc.ts';
import { log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import type { Status } from '../core/status.ts';
import { refuseUnparsed } from '../http/parse-errors.ts';
import { createMetricsDoor } from './metrics-server.ts';
import { createCrewMetrics } from './pool-metrics.ts';
import { Operations } from './rolling-operations.ts';
import { createTargetsDoor, slotsOf } from './service-discovery.ts';
import { Watchdog } from './watchdog.ts';
import { Crew } from './worker-pool.ts';
import type { Member } from './worker-process.ts';

/** The primary of the application: it reads what all workers share, and counts nothing of it itself. */
export async function startPrimary(
  settings: Settings,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  if (settings.metrics) share(register);
  await runPrimary(settings, extension);
}

/**
 * Keeps the workers and serves the metrics door. It carries no requests: with SCHED_NONE the workers accept
 * connections themselves, so neither a busy primary nor a stopped worker holds up requests others could take.
 */
export async function runPrimary(
  settings: Settings,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  // stderr comes through here: what V8 says there at its end tells a full heap from other aborts.
  cluster.setupPrimary({ stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });

  const metrics = createCrewMetrics(() => crew);
  const crew = new Crew({
    wanted: settings.workers,
    giveUpMs: settings.giveUpMs,
    startTimeoutMs: settings.startTimeoutMs,
    drainWaitMs: settings.drainWaitMs,
    drainTimeoutMs: settings.drainTimeoutMs,
    onGiveUp() {
      log('error', 'giving up: no worker could be kept', { giveUpMs: settings.giveUpMs });
      crew.killAll();
      process.exit(1);
    },
    onMessage,
    onStart: metrics.started,
    onExit: metrics.exited,
  });
  const added = extension.primary?.({
    settings,
    readyWorkers: () =>
      crew
        .members()
        .filter(({ state }) => state === 'ready')
        .map((member) => ({
          id: member.worker.id,
          send: (message) => member.send({ type: 'extension', message }),
        })),
  });
  const operations = new Operations({ hands: crew, onReload: metrics.reloaded });
  const watchdog = new Watchdog<Member>({
    timeoutMs: settings.workerTimeoutMs,
    watched: () => crew.members().filter(({ state }) => state !== 'starting'),
    onStuck(member, silentMs) {
      log('error', 'killing a worker that does not answer', { workerPid: member.pid, silentMs });
      member.kill('stuck');
    },
  });

  function onMessage(member: Member, message: ToPrimary): void {
    watchdog.answered(member);
    if (message.type === 'extension') added?.onMessage?.(message.message);
    if (message.type === 'reload') operations.reload();
    if (message.type === 'recycle') operations.replace(member, 'recycle', message.reason);
    // Where others share, those that do not are replaced: what they count shows nowhere.
    const unsharing = crew.members().filter((one) => one.serves && one.cannotShare !== undefined);
    if (unsharing.length > 0 && crew.members().some((one) => one.serves && one.shares)) {
      for (const one of unsharing) operations.replace(one, 'unshared', one.cannotShare!);
    }
  }

  let ending = false;
  async function end(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    if (ending) {
      log('warn', 'second signal, ending at once', { signal });
      crew.killAll();
      process.exit(128 + constants.signals[signal]);
    }
    ending = true;
    log('info', 'draining', { signal });
    watchdog.stop();
    await crew.drain();
    log('info', 'ended');
    process.exit(0);
  }
  process.on('SIGTERM', (signal) => void end(signal as 'SIGTERM'));
  process.on('SIGINT', (signal) => void end(signal as 'SIGINT'));
  process.on('SIGHUP', () => operations.reload());
  process.on('SIGTTIN', () => operations.scale(1));
  process.on('SIGTTOU', () => operations.scale(-1));

  const slots = slotsOf(() => settings.metricsDirectory!);
  const doors = new Map<string, MetricsRoute>([
    ['/status', () => status(crew, operations)],
    [
      '/targets',
      createTargetsDoor(() => {
        requireSharing(settings, crew);
        return slots();
      }),
    ],
    ...(added?.routes ?? []),
  ]);
  const door = createMetricsDoor(doors, {
    requireSharing: () => requireSharing(settings, crew),
    serve: metricsHandler(register, metrics.registry),
  });
  refuseUnparsed(door, metrics.unparsed);
  door.listen(settings.metricsPort, settings.host);
  await once(door, 'listening');
  log('info', 'metrics door open', { port: (door.address() as AddressInfo).port });

  crew.boot();
  watchdog.start();
}

/** @throws Error where there is nothing true to show. */
function requireSharing(settings: Settings, crew: Crew): void {
  if (!settings.metrics) throw new Error('METRICS=0: nothing is measured; unset METRICS to measure');
  if (settings.metricsDirectory === undefined) {
    throw new Error(
      'PROMETHEUS_MULTIPROC_DIR is not set, so that each worker counts for itself: set it to a directory',
    );
  }
  crew.requireSharing();
}

function status(crew: Crew, operations: Operations): MetricsAnswer {
  const body: Status = {
    primary: { pid: process.pid },
    workers: crew.list(),
    workersWanted: crew.wanted,
    ...operations.status(),
  };
  return { contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
