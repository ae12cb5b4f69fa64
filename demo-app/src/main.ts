import cluster from 'node:cluster';
import { describeError, log } from './log.ts';
import { readSettings } from './settings.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (cluster.isPrimary) {
    const { startPrimary } = await import('./primary.ts');
    await startPrimary(settings);
  } else {
    const { startWorker } = await import('./worker-app.ts');
    await startWorker(settings);
  }
}

main().catch((error: unknown) => {
  log('error', 'cannot start', describeError(error));
  process.exit(1);
});
