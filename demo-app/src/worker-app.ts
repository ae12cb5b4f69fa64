import { register } from 'prom-client';
import type { App } from './app-contract.ts';
import { UNCAUGHT_EXIT_CODE } from './crew/exit-reason.ts';
import { demoCounts } from './demo-counts.ts';
import { faults } from './faults.ts';
import { PARSE_ERROR_CODES } from './http-parsing.ts';
import { createListener } from './listener.ts';
import { describeError, log } from './log.ts';
import { parseErrors } from './metrics.ts';
import { switchOff } from './metrics-off.ts';
import { collectRuntimeMetrics } from './runtime-metrics.ts';
import type { Settings } from './settings.ts';
import { startSharing } from './sharing.ts';
import { shedding } from './shedding.ts';
import { tell } from './tell.ts';
import { createUnshared } from './unshared.ts';
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
