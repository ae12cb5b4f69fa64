import cluster from 'node:cluster';
import { collectDefaultMetrics, register } from 'prom-client';
import { share } from 'prom-multiproc';
import { describeError, log } from './log.ts';
import { readSettings } from './settings.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  share(register);
  if (cluster.isPrimary) {
    const { runPrimary } = await import('./primary.ts');
    await runPrimary(settings, async () => ({
      contentType: register.contentType,
      body: await register.metrics(),
    }));
    return;
  }
  collectDefaultMetrics();
  const [{ createApp }, { runWorker }] = await Promise.all([import('./app.ts'), import('./worker.ts')]);
  if (!settings.demoControls) {
    runWorker(settings, { createApp });
    return;
  }
  const { createUnshared } = await import('./unshared.ts');
  const unshared = createUnshared(process.env.PROMETHEUS_MULTIPROC_DIR ? undefined : register);
  runWorker(settings, {
    createApp: (isDraining) => createApp(isDraining, unshared.count),
    unsharedText: unshared.text,
  });
}

main().catch((error: unknown) => {
  log('error', 'cannot start', describeError(error));
  process.exit(1);
});
