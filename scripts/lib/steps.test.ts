import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Runs steps with the given report files; returns the exit status and the lines of stdout. */
function run(t: TestContext, steps: string, files: Record<string, string> = {}) {
  const reports = temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(reports, name), text);
  const script = `set -eu; root=$PWD; . scripts/lib/steps.sh; reports=$1; ${steps}; end_of_steps`;
  const { status, stdout } = spawnSync('sh', ['-c', script, 'steps', reports], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('a run prints the ten slowest files, and the totals alone on the last line', (t) => {
  const report = Array.from({ length: 12 }, (_, i) => JSON.stringify({ file: `${i}.test.ts`, seconds: i }));
  const { status, lines } = run(t, 'step one one_check true; step other one_check true', {
    'unit.ndjson': report.join('\n'),
  });
  const at = lines.indexOf('== the ten slowest test files');
  const files = lines.slice(at + 1, at + 11).map((line) => line.trim().split(/ +/));
  assert.deepEqual(
    files,
    [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((i) => [`${i}.0`, 's', `${i}.test.ts`]),
  );
  assert.deepEqual(lines.slice(at + 11), ['', '2 passed, 0 failed']);
  assert.equal(status, 0);
});

test('after a step fails the others still run, its name is printed, and the exit status is 1', (t) => {
  const { status, lines } = run(t, 'step one one_check false; step other one_check true');
  assert.deepEqual(lines.slice(-2), ['failed: one', '1 passed, 1 failed']);
  assert.equal(status, 1);
});

test('each step is listed at the end, and each failed test with its error', (t) => {
  const failure = { file: 'a.test.ts', title: 'one', error: 'Error: red\n    at a.test.ts:5' };
  const { lines } = run(t, 'step one one_check true; step other one_check false', {
    'unit.ndjson': JSON.stringify(failure),
  });
  const steps = lines.indexOf('== all steps');
  assert.match(lines[steps + 1]!, /^ {2}one: 1 passed, 0 failed, \d+ s$/);
  assert.match(lines[steps + 2]!, /^ {2}other: 0 passed, 1 failed, \d+ s$/);
  const tests = lines.indexOf('== failed tests');
  assert.deepEqual(lines.slice(tests + 1, tests + 4), [
    '  a.test.ts: one',
    '    Error: red',
    '        at a.test.ts:5',
  ]);
});

test('a preparation beside the steps prints its output when it is waited for, and its failure is counted', (t) => {
  const begun =
    'prepare() { echo preparing; return 3; }; begin_set_up prepare; step one one_check true; end_set_up base';
  const { status, lines } = run(t, begun);
  const at = lines.indexOf('== base');
  assert.deepEqual(lines.slice(at, at + 3), ['== base', 'preparing', '-- base: failed']);
  assert.deepEqual(lines.slice(-2), ['failed: base', '1 passed, 1 failed']);
  assert.equal(status, 1);
});

test('an unreadable report leaves out the list of slowest files, but the totals are right', (t) => {
  const { status, lines } = run(t, 'step one one_check true', { 'guarantees.e2e.json': '{"config"' });
  assert.equal(lines.at(-1), '1 passed, 0 failed');
  assert.equal(status, 0);
});
