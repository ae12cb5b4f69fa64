import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** git in a directory, as somebody who has never set it up. */
export function git(directory: string, ...args: string[]): string {
  const somebody = [
    '-c',
    'user.name=Somebody',
    '-c',
    'user.email=somebody@example.com',
    '-c',
    'core.hooksPath=/dev/null',
  ];
  return execFileSync('git', ['-c', 'safe.directory=*', ...somebody, ...args], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A repository with the files of this checkout as they are now, committed or not, on a branch `main`. */
export function createUpstream(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const listed = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const path of listed.split('\0')) {
    if (path === '' || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path), { verbatimSymlinks: true });
  }
  git(directory, 'init', '--quiet', '--initial-branch=main');
  commitAll(directory, 'As it is');
}

export function commitAll(directory: string, message: string): void {
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', message);
}
