import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutation } from './mutations.ts';
import { scratchCopy } from './scratch-copy.ts';

/** `killed`: the test passes, and fails with the mutation. All else is a failure of the list. */
export type Verdict =
  | 'killed'
  | 'survived'
  | 'text not found once'
  | 'test fails without it'
  | 'no such test';

export interface Result {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
}

/** Longest time for one test, in milliseconds: a mutation may make it hang. */
const TEST_TIMEOUT_MS = 180_000;

/** Makes each mutation in a copy of the checkout `root`, one at a time, and runs its test with and without it. */
export function* tryMutations(root: string, mutations: readonly Mutation[]): Generator<Result> {
  const copy = scratchCopy(root);
  try {
    for (const mutation of mutations) yield { mutation, verdict: tryOne(copy, mutation) };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function tryOne(copy: string, { file, text, replacement, test }: Mutation): Verdict {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (occurrences(source, text) !== 1) return 'text not found once';
  const without = runTest(copy, test);
  if (without !== 'passed') return without === 'failed' ? 'test fails without it' : 'no such test';
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  try {
    return runTest(copy, test) === 'failed' ? 'killed' : 'survived';
  } finally {
    writeFileSync(path, source);
  }
}

export function occurrences(source: string, text: string): number {
  return source.split(text).length - 1;
}

/** What becomes of the test of this title alone. */
function runTest(root: string, [file, title]: Mutation['test']): 'passed' | 'failed' | 'missing' {
  const args = [
    '--test',
    '--test-reporter=tap',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-name-pattern=^${title.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`,
    file,
  ];
  // A run within a run would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  const line = stdout.split('\n').find((one) => unescaped(one).endsWith(` - ${title}`));
  if (line === undefined) return 'missing';
  return line.trimStart().startsWith('not ok') ? 'failed' : 'passed';
}

/** TAP escapes the number sign and the backslash in titles. */
function unescaped(line: string): string {
  return line.replaceAll(/\\([#\\])/g, '$1');
}
