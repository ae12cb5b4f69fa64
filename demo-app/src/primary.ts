import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { metricsHandler } from 'prom-multiproc';
import { Crew } from './crew.ts';
import { log } from './log.ts';
import { type Answer, createMetricsDoor, type Door } from './metrics-door.ts';
import type { Settings } from './settings.ts';
import { createUnsharedDoor } from './unshared-door.ts';

/**
 * Keeps the workers and serves the metrics door. It carries no requests: with SCHED_NONE the workers accept
 * connections themselves, so neither a busy primary nor a stopped worker holds up requests others could take.
 */
export async function runPrimary(settings: Settings): Promise<void> {
  cluster.schedulingPolicy = cluster.SCHED_NONE;

  const unshared = createUnsharedDoor(() => crew.ready());
  const crew = new Crew({
    wanted: settings.workers,
    giveUpMs: settings.giveUpMs,
    onGiveUp() {
      log('error', 'giving up: no worker could be kept', { giveUpMs: settings.giveUpMs });
      crew.killAll();
      process.exit(1);
    },
    onMessage: (_worker, message) => unshared.onMessage(message),
  });

  const doors = new Map<string, Door>([['/status', () => status(settings, crew)]]);
  if (settings.demoControls) doors.set('/demo/unshared', unshared.door);
  const door = createMetricsDoor(doors, {
    requireSharing() {
      if (!settings.metrics) throw new Error('METRICS=0: nothing is measured; unset METRICS to measure');
      if (!process.env.PROMETHEUS_MULTIPROC_DIR) {
        throw new Error(
          'PROMETHEUS_MULTIPROC_DIR is not set, so that each worker counts for itself: set it to a directory',
        );
      }
      crew.requireSharing();
    },
    serve: metricsHandler(),
  });
  door.listen(settings.metricsPort, settings.host);
  await once(door, 'listening');
  log('info', 'metrics door open', { port: (door.address() as AddressInfo).port });

  let ending = false;
  async function end(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    if (ending) {
      log('warn', 'second signal, ending at once', { signal });
      crew.killAll();
      process.exit(128 + constants.signals[signal]);
    }
    ending = true;
    log('info', 'draining', { signal });
    await crew.drain(settings.drainWaitMs + settings.drainTimeoutMs);
    log('info', 'ended');
    process.exit(0);
  }
  process.on('SIGTERM', (signal) => void end(signal as 'SIGTERM'));
  process.on('SIGINT', (signal) => void end(signal as 'SIGINT'));

  crew.start();
}

function status(settings: Settings, crew: Crew): Answer {
  const body = { primary: { pid: process.pid }, workers: crew.list(), workersWanted: settings.workers };
  return { contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
