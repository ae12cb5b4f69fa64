import cluster from 'node:cluster';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { App } from './core/app.ts';
import { checkSyntax } from './core/check-syntax.ts';
import type { Extension } from './core/extension.ts';
import { describeError, log } from './core/log.ts';
import { readSettings } from './core/settings.ts';

export interface Program<ToPrimary, ToWorker> {
  /** Called once in each worker. */
  createApp(): App | Promise<App>;
  /** Called once in the primary and in each worker, before anything else is started. */
  extension?(): Promise<Extension<ToPrimary, ToWorker>>;
}

/** Runs the whole application: its primary, or in a process that the primary started, one of its workers. */
export async function main<ToPrimary = never, ToWorker = never>(
  program: Program<ToPrimary, ToWorker>,
): Promise<void> {
  if (cluster.isPrimary) ignoreOperations();
  try {
    // libuv starts its threads when they are first used, and aborts the process where the kernel starts no more: so it is now, and
    // not with the first scrape that is compressed.
    await access('.');
    const settings = readSettings();
    const extension = (await program.extension?.()) ?? {};
    if (cluster.isPrimary) {
      const { startPrimary } = await import('./primary/primary.ts');
      await startPrimary(settings, extension);
    } else {
      const { startWorker } = await import('./worker/start-worker.ts');
      await startWorker(settings, () => program.createApp(), extension);
    }
  } catch (error) {
    log('error', 'cannot start', { ...describeError(error), refused: refusedSources(error) });
    process.exit(1);
  }
}

/** Until the primary is there to take them, these would end it or stop it; and there is nothing to reload yet. */
function ignoreOperations(): void {
  for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) process.on(signal, () => {});
}

const NOT_LOADED = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);
const MOST_REFUSED = 10;

/** Where an error in the sources of the application is: Node's own does not always name the file, or the line. Undefined for other errors. */
function refusedSources(error: unknown): string[] | undefined {
  if (!(error instanceof SyntaxError) && !NOT_LOADED.has(String((error as NodeJS.ErrnoException)?.code)))
    return undefined;
  try {
    return checkSyntax(dirname(process.argv[1]!)).slice(0, MOST_REFUSED);
  } catch {
    return undefined;
  }
}
