import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { clearDirectory } from 'prom-multiproc/clear-directory';

class UsageError extends Error {}

async function main([path, user, group, mode, ...rest]: string[]): Promise<void> {
  if (path === undefined || rest.length > 0) throw new UsageError('expected one to four arguments');
  const { directory, created, removed } = await clearDirectory(path, {
    uid: user ? userId(user) : undefined,
    gid: group ? groupId(group) : undefined,
    mode: mode ? parseMode(mode) : undefined,
    waitMs: waitSeconds() * 1000,
  });
  console.log(
    `${directory}: ${created ? 'created' : `${removed} slot ${removed === 1 ? 'file' : 'files'} removed`}`,
  );
}

function userId(user: string): number {
  return /^\d+$/.test(user) ? Number(user) : Number(lookUp('passwd', user, 'user'));
}

function groupId(group: string): number {
  return /^\d+$/.test(group) ? Number(group) : Number(lookUp('group', group, 'group'));
}

function lookUp(database: string, name: string, what: string): string {
  try {
    const line = execFileSync('getent', ['--', database, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return line.split(':')[2]!;
  } catch {
    throw new UsageError(`unknown ${what} ${JSON.stringify(name)}: it does not exist on this machine`);
  }
}

function usage(): string {
  return execFileSync(join(import.meta.dirname, 'clear-metrics-dir'), ['--help'], {
    encoding: 'utf8',
  }).trimEnd();
}

function parseMode(mode: string): number {
  if (!/^[0-7]{3,4}$/.test(mode))
    throw new UsageError(`mode ${JSON.stringify(mode)} is not octal; use a mode such as 0750`);
  return Number.parseInt(mode, 8);
}

function waitSeconds(): number {
  const given = process.env.CLEAR_METRICS_DIR_WAIT_SECONDS ?? '10';
  const seconds = Number(given);
  if (given.trim() === '' || !(seconds >= 0 && seconds <= 3600)) {
    throw new UsageError(
      `CLEAR_METRICS_DIR_WAIT_SECONDS must be 0 to 3600 seconds, got ${JSON.stringify(given)}`,
    );
  }
  return seconds;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`clear-metrics-dir: ${(error as Error).message}`);
  if (error instanceof UsageError) console.error(`\n${usage()}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
