import { register } from 'prom-client';
import type { App } from '../core/app.ts';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import type { Extension } from '../core/extension.ts';
import { sendToPrimary } from '../core/ipc.ts';
import { describeError, log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import { idsInFlight } from '../http/exchange.ts';
import { parseErrors } from '../http/http-metrics.ts';
import { shedding } from '../http/load-shedding.ts';
import { measureUpgrade } from '../http/measure-upgrades.ts';
import { PARSE_ERROR_CODES } from '../http/parse-errors.ts';
import { createListener } from '../http/pipeline.ts';
import { collectRuntimeMetrics } from './default-metrics.ts';
import { switchOff } from './metrics-off.ts';
import { Readiness } from './readiness.ts';
import { startSharing } from './sharing.ts';
import type { UpgradeParts } from './upgrades.ts';
import { runWorker } from './worker.ts';

/** Most request ids in the log line of an uncaught exception. */
const MAX_IDS = 20;

/** Starts one worker: sharing, metrics, the application and the server. An uncaught exception ends it with UNCAUGHT_EXIT_CODE. */
export async function startWorker(
  settings: Settings,
  createApp: () => App | Promise<App>,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught exception', {
      ...describeError(error),
      requests_in_flight: idsInFlight(MAX_IDS),
    });
    process.exit(UNCAUGHT_EXIT_CODE);
  });
  const { metrics, slowRequestMs, acceptTraceparent, inspect, host } = settings;
  if (inspect !== 0) {
    const { openInspector } = await import('./inspector.ts');
    void openInspector(inspect, host);
  }
  const sharing = metrics ? startSharing(sendToPrimary) : undefined;
  const sampler = metrics ? collectRuntimeMetrics() : undefined;
  // The runtime registers its metrics first, so the error about a duplicate name points at the application.
  const app = await createApp();
  if (!metrics) switchOff(register);
  const shed = shedding(settings);
  const added = extension.worker?.({
    settings,
    send: (message) => sendToPrimary({ type: 'extension', message }),
    reload: () => sendToPrimary({ type: 'reload' }),
  });
  const whyNotReady = readinessOf(app);
  await runWorker(settings, {
    createListener: (isEnding) =>
      createListener(app, {
        isEnding,
        whyNotReady,
        slowRequestMs,
        acceptTraceparent,
        metrics,
        shed,
        extension: added,
      }),
    upgrades: upgradesOf(app, metrics, acceptTraceparent),
    drain: (deadline) => app.drain?.(deadline),
    ...(whyNotReady && { whyNotReady }),
    ...(sampler && { onRequest: sampler.wake, onUnparsed: countParseErrors() }),
    close: () => app.close?.(),
    ...(sharing && { sharing }),
    onExtensionMessage: (message) => added?.onMessage?.(message),
  });
}

function readinessOf(app: App): (() => Promise<string | undefined>) | undefined {
  if (app.ready === undefined) return undefined;
  const readiness = new Readiness({
    ready: () => app.ready!(),
    onAnswer: (reason) => sendToPrimary({ type: 'readiness', reason }),
  });
  return () => readiness.whyNot();
}

function upgradesOf(app: App, metrics: boolean, acceptTraceparent: boolean): UpgradeParts | undefined {
  if (app.upgrade === undefined) return undefined;
  return {
    upgrade: (req, socket, head) => app.upgrade!(req, socket, head),
    onUpgrade(req, socket) {
      if (metrics) measureUpgrade(req, socket, (of) => app.routeOf?.(of), acceptTraceparent);
    },
  };
}

/** Creates the series at the start: increase() misses the first count of a new series. */
function countParseErrors(): (code: string) => void {
  for (const code of PARSE_ERROR_CODES) parseErrors.inc({ code }, 0);
  return (code) => parseErrors.inc({ code });
}
