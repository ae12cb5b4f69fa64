import cluster from 'node:cluster';
import { collectDefaultMetrics, register } from 'prom-client';
import { share } from 'prom-multiproc';
import { describeError, log } from './log.ts';
import type { ToPrimary } from './messages.ts';
import { switchOff } from './metrics-off.ts';
import { readSettings } from './settings.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (settings.metrics) share(register, { onFailure: tellPrimary });
  if (cluster.isPrimary) {
    const { runPrimary } = await import('./primary.ts');
    await runPrimary(settings);
    return;
  }
  if (settings.metrics) collectDefaultMetrics();
  const [{ createApp }, { runWorker }, { shedding }] = await Promise.all([
    import('./app.ts'),
    import('./worker.ts'),
    import('./shedding.ts'),
  ]);
  if (!settings.metrics) switchOff(register);
  const measure = settings.metrics;
  const shed = shedding(settings);
  if (!settings.demoControls) {
    runWorker(settings, { createApp: (isDraining) => createApp(isDraining, { measure, shed }) });
    return;
  }
  const { createUnshared } = await import('./unshared.ts');
  const unshared = createUnshared(process.env.PROMETHEUS_MULTIPROC_DIR ? undefined : register);
  runWorker(settings, {
    createApp: (isDraining) => createApp(isDraining, { measure, shed, control: unshared.count }),
    unsharedText: unshared.text,
  });
}

function tellPrimary({ message: reason }: Error): void {
  if (process.connected) process.send?.({ type: 'cannot-share', reason } satisfies ToPrimary);
}

main().catch((error: unknown) => {
  log('error', 'cannot start', describeError(error));
  process.exit(1);
});
