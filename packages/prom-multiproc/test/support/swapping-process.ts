/**
 * As fast as it can, puts a symlink in the place of a directory and the directory back, as a user that may write the parent:
 * swapping-process.ts <path> <target of the symlink> [user id]
 */
import { renameSync, symlinkSync } from 'node:fs';

const [path, target, user] = process.argv.slice(2) as [string, string, string?];
if (user !== undefined) {
  process.setgroups!([]);
  process.setgid!(Number(user));
  process.setuid!(Number(user));
}

const [directory, link] = [`${path}.directory`, `${path}.link`];
symlinkSync(target, link);
process.send?.('swapping');
process.on('disconnect', () => process.exit());

/** Whether it could: another process may have made something there meanwhile. */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Out of the way, as what another process made there need not be empty. */
let away = 0;
const clear = () => move(path, `${path}.away-${++away}`);

function round(): void {
  for (let i = 0; i < 100; i++) {
    if (move(path, directory)) {
      if (!move(link, path)) clear();
      else move(path, link);
    }
    if (!move(directory, path)) clear();
  }
  setImmediate(round);
}
round();
