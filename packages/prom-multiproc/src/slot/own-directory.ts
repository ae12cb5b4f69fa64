import { accessSync, constants, existsSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { findDirectory } from '../os/stat-directory.ts';

/** Closed to other users: label values may be secrets. */
export const NEW_DIRECTORY_MODE = 0o750;

/**
 * Makes the metrics directory where it is missing, as after a reboot or where it was removed under the application, with
 * missing parents. A missing parent that would stand in `/` itself is not made: it is a typing error, or not mounted yet.
 * @throws Error where it cannot be made; the message says what to do.
 */
export function makeDirectory(directory: string): void {
  if (findDirectory(directory) !== undefined) return;
  const parent = existingParent(directory);
  const isTypo = parent === '/' && dirname(directory) !== '/';
  try {
    if (!isTypo) mkdirSync(directory, { recursive: true, mode: NEW_DIRECTORY_MODE });
  } catch (error) {
    throw new Error(`${directory} does not exist and cannot be made in ${parent} ${whyNot(error)}`, {
      cause: error,
    });
  }
  if (isTypo) {
    throw new Error(
      `${directory} does not exist: ${dirname(directory)} is missing, too. Check the path, or mount its file system first`,
    );
  }

  function whyNot(error: unknown): string {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') return `(${message})`;
    return `by user id ${process.geteuid?.()}: ${howToGive(directory, 'install -d -o')}`;
  }
}

/**
 * Checks that the directory belongs to the user of this process: readers trust only files of the directory's owner.
 * @throws Error where it does not; the message says what to do.
 */
export function checkOwner(directory: string): void {
  const stats = findDirectory(directory);
  const reason = stats && whyNotOwn(directory, stats);
  if (reason !== undefined) throw new Error(`${directory} ${reason}`);
}

/**
 * Reads the directory for a process of the application. Missing, it is made: no process has counted yet. Empty and of another
 * user, it is no empty application, because processes of this user cannot count in it.
 * @throws Error where the totals cannot be had.
 */
export function readOwn(
  directory: string,
  reader: { refresh(): { readonly slots: readonly unknown[] } },
): void {
  makeDirectory(directory);
  if (reader.refresh().slots.length === 0) checkOwner(directory);
}

/** Why a process of this user does not count in a directory, and what to do; undefined where it does. */
export function whyNotOwn(directory: string, { uid }: Stats): string | undefined {
  const own = process.geteuid?.();
  if (uid === own || own === undefined) return undefined;
  const differ = `belongs to user id ${uid}, this process runs as ${own}`;
  // Root may write anywhere, which says nothing of whose the directory is to be.
  if (own !== 0 && mayWrite(directory)) {
    return `${differ}: use a directory in it, such as PROMETHEUS_MULTIPROC_DIR=${join(directory, 'metrics')}, which this process makes`;
  }
  return `${differ}: ${howToGive(directory, 'chown')}`;
}

/** What gives a directory to this user, whether it is there or not. */
function howToGive(directory: string, give: 'chown' | 'install -d -o'): string {
  const own = process.geteuid?.();
  const byRoot = `\`${give} ${own} ${directory}\` as root`;
  const mounted = `a tmpfs takes \`uid=${own}\`, a volume of Kubernetes \`fsGroup\` and a directory below it`;
  const elsewhere = directory.startsWith('/run/')
    ? `\`RuntimeDirectory=${directory.slice('/run/'.length)}\` under systemd`
    : mounted;
  return `give it to this user before the start (${byRoot}; ${elsewhere}), or run the process as its owner`;
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
