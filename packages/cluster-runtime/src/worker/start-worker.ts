import { register } from 'prom-client';
import type { App } from '../app.ts';
import { describeError, log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import { tell } from '../core/tell.ts';
import { demoCounts } from '../demo/counts.ts';
import { faults } from '../demo/faults.ts';
import { createUnshared } from '../demo/unshared.ts';
import { parseErrors } from '../http/http-metrics.ts';
import { shedding } from '../http/load-shedding.ts';
import { PARSE_ERROR_CODES } from '../http/parse-errors.ts';
import { createListener } from '../http/pipeline.ts';
import { UNCAUGHT_EXIT_CODE } from '../primary/exit-reason.ts';
import { collectRuntimeMetrics } from './default-metrics.ts';
import { switchOff } from './metrics-off.ts';
import { startSharing } from './sharing.ts';
import { runWorker } from './worker.ts';

/** One worker of the application: what it counts, what it serves, and how it ends where its code fails. */
export async function startWorker(settings: Settings, createApp: () => Promise<App>): Promise<void> {
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught exception', describeError(error));
    process.exit(UNCAUGHT_EXIT_CODE);
  });
  const { metrics, slowRequestMs, demoPage, demoControls } = settings;
  const sharing = metrics ? startSharing(tell) : undefined;
  if (metrics) collectRuntimeMetrics();
  // After the metrics of every application, so that a name that is taken is told of the application's.
  const app = await createApp();
  if (!metrics) switchOff(register);
  const shed = shedding(settings);
  const unshared = demoControls
    ? createUnshared(process.env.PROMETHEUS_MULTIPROC_DIR ? undefined : register)
    : undefined;
  const demo = demoPage ? demoCounts({ metrics, controls: demoControls }) : [];
  if (unshared) demo.push(unshared.count, faults({ reload: () => tell({ type: 'reload' }) }));
  await runWorker(settings, {
    createListener: (isDraining) => createListener(app, { isDraining, slowRequestMs, metrics, shed, demo }),
    ...(metrics && { onUnparsed: countParseErrors() }),
    close: () => app.close?.(),
    ...(sharing && { sharing }),
    ...(unshared && { unsharedText: unshared.text }),
  });
}

/** Shown from the start: what appears only with its first count has no increase to alert on. */
function countParseErrors(): (code: string) => void {
  for (const code of PARSE_ERROR_CODES) parseErrors.inc({ code }, 0);
  return (code) => parseErrors.inc({ code });
}
