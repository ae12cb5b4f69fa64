import { type Stats, statSync } from 'node:fs';

/** Undefined if nothing has this path. @throws Error if it is not a directory. */
export function findDirectory(directory: string): Stats | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    throw new Error(`${directory} is not a directory: remove it, or give another path`);
  }
  return stats;
}

/** @throws Error if there is no directory; the message says what to do. */
export function statDirectory(directory: string): Stats {
  const stats = findDirectory(directory);
  if (stats !== undefined) return stats;
  throw new Error(
    `${directory} does not exist: check that the application uses the same path. The first process that counts creates it, and so does \`prom-multiproc clear\``,
  );
}
