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
  /** Called once in the primary and in each worker, before anything else starts. */
  extension?(): Promise<Extension<ToPrimary, ToWorker>>;
}

/** Runs the primary, or in a process that the primary forked, one worker. Logs `cannot start` and exits with 1 on an error. */
export async function main<ToPrimary = never, ToWorker = never>(
  program: Program<ToPrimary, ToWorker>,
): Promise<void> {
  if (cluster.isPrimary) ignoreOperations();
  try {
    // libuv starts its thread pool at the first use and aborts the process if the kernel refuses a thread. This use makes that
    // happen at the start and not at the first compressed scrape. See https://docs.libuv.org/en/v1.x/threadpool.html.
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

/** Ignores the signals of operations until the primary handles them. Their default action would end or stop the process. */
function ignoreOperations(): void {
  for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) process.on(signal, () => {});
}

const NOT_LOADED = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);
const MAX_REFUSED = 10;
/** Tests may import files that only a checkout has. */
const IN_TEST = /\.test\.[cm]?[jt]s:/;

/** Lists syntax and import errors in the application's sources as `file:line: message`. Undefined if `error` is of another kind. */
function refusedSources(error: unknown): string[] | undefined {
  if (!(error instanceof SyntaxError) && !NOT_LOADED.has(String((error as NodeJS.ErrnoException)?.code)))
    return undefined;
  try {
    const refused = checkSyntax(dirname(process.argv[1]!));
    return refused.filter((line) => !IN_TEST.test(line)).slice(0, MAX_REFUSED);
  } catch {
    return undefined;
  }
}
