import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

/**
 * Copies the tracked and untracked files of the checkout `root` into a new temporary directory and returns its path. Installed packages
 * are symlinks; links to workspaces lead to the workspaces of the copy.
 */
export function scratchCopy(root: string): string {
  const copy = temporaryDirectory(thisProcess);
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of tracked.split('\0')) {
    if (file === '') continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true });
  }
  linkPackages(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const target = entry.isSymbolicLink() ? readlinkSync(join(from, entry.name)) : join(from, entry.name);
    symlinkSync(target, join(to, entry.name));
  }
}
