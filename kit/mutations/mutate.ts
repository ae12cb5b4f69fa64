import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutation } from './mutations.ts';
import { scratchCopy } from './scratch-copy.ts';

/** `killed`: the test passes without the mutation and fails with it. Every other verdict is an error. */
export type Verdict =
  | 'killed'
  | 'survived'
  | 'text not found exactly once'
  | 'test fails without the mutation'
  | 'no such test';

export interface Result {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
}

/** A mutation may make its test hang. */
const TEST_TIMEOUT_MS = 180_000;

/** Applies each mutation to a copy of the checkout `root`, one at a time, and runs its test without and with it. */
export function* runMutations(root: string, mutations: readonly Mutation[]): Generator<Result> {
  const copy = scratchCopy(root);
  try {
    for (const mutation of mutations) yield { mutation, verdict: verdictOf(copy, mutation) };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function verdictOf(copy: string, { file, text, replacement, test }: Mutation): Verdict {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (occurrences(source, text) !== 1) return 'text not found exactly once';
  const without = runTest(copy, test);
  if (without !== 'passed') return without === 'failed' ? 'test fails without the mutation' : 'no such test';
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

/** Runs the one test with this title. */
function runTest(root: string, [file, title]: Mutation['test']): 'passed' | 'failed' | 'missing' {
  const args = [
    '--test',
    '--test-reporter=tap',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-name-pattern=^${title.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`,
    file,
  ];
  // With NODE_TEST_CONTEXT the child process would report to an outer `node --test`.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  const line = stdout.split('\n').find((one) => unescaped(one).endsWith(` - ${title}`));
  if (line === undefined) return 'missing';
  return line.trimStart().startsWith('not ok') ? 'failed' : 'passed';
}

/** Undoes TAP's escapes of `#` and `\` in titles. */
function unescaped(line: string): string {
  return line.replaceAll(/\\([#\\])/g, '$1');
}
