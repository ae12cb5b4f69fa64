import cluster from 'node:cluster';
import type { App } from './app-contract.ts';
import { describeError, log } from './log.ts';
import { readSettings } from './settings.ts';

/** The whole application: its primary, or one of its workers. `createApp` is called in workers only. */
export async function main(createApp: () => Promise<App>): Promise<void> {
  try {
    const settings = readSettings(process.env);
    if (cluster.isPrimary) {
      const { startPrimary } = await import('./primary.ts');
      await startPrimary(settings);
    } else {
      const { startWorker } = await import('./worker-app.ts');
      await startWorker(settings, createApp);
    }
  } catch (error) {
    log('error', 'cannot start', describeError(error));
    process.exit(1);
  }
}
