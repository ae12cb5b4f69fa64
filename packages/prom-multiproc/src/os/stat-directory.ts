import { type Stats, statSync } from 'node:fs';

/** Undefined where there is nothing of that name. @throws Error where it is no directory. */
export function findDirectory(directory: string): Stats | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    throw new Error(`${directory} is not a directory: remove it, or give another path`);
  }
  return stats;
}

/** @throws Error where there is no directory of that name; the message says what to do. */
export function statDirectory(directory: string): Stats {
  const stats = findDirectory(directory);
  if (stats !== undefined) return stats;
  throw new Error(
    `${directory} does not exist: the first process that counts makes it, and \`prom-multiproc clear\` before the start. Is it the path that the application has?`,
  );
}
