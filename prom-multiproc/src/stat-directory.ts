import { type Stats, statSync } from 'node:fs';

/** @throws Error where there is no directory of that name; the message says what to do. */
export function statDirectory(directory: string): Stats {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) {
    throw new Error(
      `${directory} ${stats === undefined ? 'does not exist' : 'is not a directory'}: \`prom-multiproc clear\` makes it, before the application starts`,
    );
  }
  return stats;
}
