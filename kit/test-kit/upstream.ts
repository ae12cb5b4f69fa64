import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Runs git in a directory with a fixed identity and without the user's hooks; returns its stdout. */
export function git(directory: string, ...args: string[]): string {
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'core.hooksPath=/dev/null',
  ];
  return execFileSync('git', ['-c', 'safe.directory=*', ...identity, ...args], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Creates a repository with the tracked and untracked files of this checkout, committed on a branch `main`. */
export function createUpstream(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const listed = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const path of listed.split('\0')) {
    if (path === '' || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path), { verbatimSymlinks: true });
  }
  git(directory, 'init', '--quiet', '--initial-branch=main');
  commitAll(directory, 'Initial commit');
}

export function commitAll(directory: string, message: string): void {
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', message);
}
