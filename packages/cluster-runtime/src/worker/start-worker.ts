import { register } from 'prom-client';
import type { App } from '../core/app.ts';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import type { Extension } from '../core/extension.ts';
import { sendToPrimary } from '../core/ipc.ts';
import { describeError, log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import { parseErrors } from '../http/http-metrics.ts';
import { shedding } from '../http/load-shedding.ts';
import { PARSE_ERROR_CODES } from '../http/parse-errors.ts';
import { createListener } from '../http/pipeline.ts';
import { collectRuntimeMetrics } from './default-metrics.ts';
import { switchOff } from './metrics-off.ts';
import { startSharing } from './sharing.ts';
import { runWorker } from './worker.ts';

/** One worker of the application: what it counts, what it serves, and how it ends where its code fails. */
export async function startWorker(
  settings: Settings,
  createApp: () => App | Promise<App>,
  extension: Extension<unknown, unknown> = {},
): Promise<void> {
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught exception', describeError(error));
    process.exit(UNCAUGHT_EXIT_CODE);
  });
  const { metrics, slowRequestMs } = settings;
  const sharing = metrics ? startSharing(sendToPrimary) : undefined;
  if (metrics) collectRuntimeMetrics();
  // After the runtime's own metrics, so that the error of a name that is taken points at the application.
  const app = await createApp();
  if (!metrics) switchOff(register);
  const shed = shedding(settings);
  const added = extension.worker?.({
    settings,
    send: (message) => sendToPrimary({ type: 'extension', message }),
    reload: () => sendToPrimary({ type: 'reload' }),
  });
  await runWorker(settings, {
    createListener: (isDraining) =>
      createListener(app, { isDraining, slowRequestMs, metrics, shed, added: added?.handlers ?? [] }),
    ...(metrics && { onUnparsed: countParseErrors() }),
    close: () => app.close?.(),
    ...(sharing && { sharing }),
    onExtensionMessage: (message) => added?.onMessage?.(message),
  });
}

/** Shown from the start: what appears only with its first count has no increase to alert on. */
function countParseErrors(): (code: string) => void {
  for (const code of PARSE_ERROR_CODES) parseErrors.inc({ code }, 0);
  return (code) => parseErrors.inc({ code });
}
