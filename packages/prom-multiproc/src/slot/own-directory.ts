import { accessSync, constants, existsSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { findDirectory } from '../os/stat-directory.ts';

/** Excludes other users, because label values may be confidential. */
export const NEW_DIRECTORY_MODE = 0o750;

/**
 * Creates the metrics directory and its parents if they are missing. A missing parent directly below `/` is not created: the path
 * is mistyped or not mounted yet.
 * @throws Error if it cannot be created; the message says what to do.
 */
export function makeDirectory(directory: string): void {
  if (findDirectory(directory) !== undefined) return;
  const parent = existingParent(directory);
  const isTypo = parent === '/' && dirname(directory) !== '/';
  try {
    if (!isTypo) mkdirSync(directory, { recursive: true, mode: NEW_DIRECTORY_MODE });
  } catch (error) {
    throw new Error(`${directory} does not exist and cannot be created in ${parent} ${whyNot(error)}`, {
      cause: error,
    });
  }
  if (isTypo) {
    throw new Error(
      `${directory} does not exist, and neither does ${dirname(directory)}: check the path, or mount its file system first`,
    );
  }

  function whyNot(error: unknown): string {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') return `(${message})`;
    return `by user id ${process.geteuid?.()}: create it for this user before the start (${waysToOwn(directory, 'install -d -o')})`;
  }
}

/**
 * Checks that the directory belongs to the user of this process, because readers trust only files of the directory's owner.
 * @throws Error if it does not; the message says what to do.
 */
export function checkOwner(directory: string): void {
  const stats = findDirectory(directory);
  const reason = stats && whyNotOwn(directory, stats);
  if (reason !== undefined) throw new Error(`${directory} ${reason}`);
}

/**
 * Refreshes `reader` for a process of the application. If the directory is missing, no process has counted yet: creates it.
 * @throws Error if the directory cannot be created or read, or if it has no slots and belongs to another user: the processes of
 *   this user cannot count in it, so the totals are unknown.
 */
export function readOwn(
  directory: string,
  reader: { refresh(): { readonly slots: readonly unknown[] } },
): void {
  makeDirectory(directory);
  if (reader.refresh().slots.length === 0) checkOwner(directory);
}

/** Why this process cannot count in a directory, and what to do; undefined if it can. */
export function whyNotOwn(directory: string, { uid }: Stats): string | undefined {
  const own = process.geteuid?.();
  if (uid === own || own === undefined) return undefined;
  const differ = `belongs to user id ${uid}, but this process runs as user id ${own}`;
  // Root may write to any directory, which does not show who should own it.
  if (own !== 0 && mayWrite(directory)) {
    return `${differ}: use a directory below it, such as PROMETHEUS_MULTIPROC_DIR=${join(directory, 'metrics')}, which this process creates`;
  }
  return `${differ}: give it to this user before the start (${waysToOwn(directory, 'chown')}), or run the process as its owner`;
}

/** The ways to make this user the owner of a directory; `command` is for an existing or a missing one. */
function waysToOwn(directory: string, command: 'chown' | 'install -d -o'): string {
  const own = process.geteuid?.();
  const byRoot = `\`${command} ${own} ${directory}\` as root`;
  if (directory.startsWith('/run/'))
    return `${byRoot}, or \`RuntimeDirectory=${directory.slice('/run/'.length)}\` under systemd`;
  return `${byRoot}, or a tmpfs mounted with \`uid=${own}\`, or on a Kubernetes volume \`fsGroup\` and a directory below it`;
}

function existingParent(directory: string): string {
  let parent = dirname(directory);
  while (!existsSync(parent) && parent !== dirname(parent)) parent = dirname(parent);
  return parent;
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
