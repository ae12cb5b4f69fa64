import cluster from 'node:cluster';
import { access } from 'node:fs/promises';
import type { App } from './app-contract.ts';
import { describeError, log } from './log.ts';
import { readSettings } from './settings.ts';

/** The whole application: its primary, or one of its workers. `createApp` is called in workers only. */
export async function main(createApp: () => Promise<App>): Promise<void> {
  if (cluster.isPrimary) ignoreOperations();
  try {
    // libuv starts its threads when they are first used, and aborts the process where the kernel starts no more: so it is now, and
    // not with the first scrape that is compressed.
    await access('.');
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

/** Until the primary is there to take them, these would end it or stop it; and there is nothing to reload yet. */
function ignoreOperations(): void {
  for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) process.on(signal, () => {});
}
