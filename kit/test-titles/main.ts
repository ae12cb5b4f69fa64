/**
 * test-titles BEFORE: whether each test of an earlier state is still there, by its title. BEFORE is a commit, or a list made earlier
 * by `--list`, which prints the titles of this checkout. A title that is gone names its successors in renamed-titles.yml; one
 * that does not, or whose successor is not there, is printed and ends the program with code 1.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { compare, type Renamed } from './compare.ts';
import { listTitles, type Title } from './list.ts';

const ROOT = join(import.meta.dirname, '../..');
const RENAMED = join(import.meta.dirname, 'renamed-titles.yml');

async function titlesOfCommit(commit: string): Promise<Title[]> {
  const checkout = join(temporaryDirectory(thisProcess), 'checkout');
  const run = (command: string, args: readonly string[], cwd: string) =>
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  run('git', ['worktree', 'add', '--detach', checkout, commit], ROOT);
  try {
    run('npm', ['ci', '--no-audit', '--no-fund'], checkout);
    return await listTitles(checkout);
  } finally {
    run('git', ['worktree', 'remove', '--force', checkout], ROOT);
  }
}

const readList = (path: string): Title[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Title);

const [argument] = process.argv.slice(2);
if (argument === undefined) {
  console.error('usage: test-titles COMMIT | LIST | --list');
  process.exit(2);
}
if (argument === '--list') {
  for (const each of await listTitles(ROOT)) console.log(JSON.stringify(each));
} else {
  const before = existsSync(argument) ? readList(argument) : await titlesOfCommit(argument);
  const after = await listTitles(ROOT);
  const renamedTitles = (parse(readFileSync(RENAMED, 'utf8')) ?? []) as Renamed[];
  const result = compare(before, after, renamedTitles);
  for (const { file, title } of result.missing) console.log(`missing: ${file}: ${title}`);
  for (const title of result.deadSuccessors) console.log(`named as a successor, but not there: ${title}`);
  for (const title of result.idle) console.log(`named as renamed, but not missing: ${title}`);
  const { kept, renamed, missing, added } = result;
  console.log(
    `${before.length} before, ${after.length} now: ${kept} kept, ${renamed.length} renamed, ${missing.length} missing, ${added.length} new`,
  );
  process.exitCode = missing.length + result.deadSuccessors.length + result.idle.length > 0 ? 1 : 0;
}
