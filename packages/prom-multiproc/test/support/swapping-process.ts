/**
 * Replaces a directory by a symlink and back, as fast as it can, as a user who may write to the parent directory:
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

/** False if it fails because another process has created something there. */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Moves away what another process has created at the path. It may be a directory that is not empty. */
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
