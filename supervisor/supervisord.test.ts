import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';
import { SUPERVISOR_OF_APP_PORT } from './testing/supervisor-modules.ts';

/** Runs a Python program that finds the given modules of a package `supervisor`; returns its stdout. */
function python(
  t: TestContext,
  args: readonly string[],
  modules: Readonly<Record<string, string>> = {},
): string {
  const path = temporaryDirectory(t);
  mkdirSync(join(path, 'supervisor'));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(path, 'supervisor', name), text);
  const env = { PATH: process.env.PATH, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  return execFileSync('python3', args, { cwd: import.meta.dirname, encoding: 'utf8', env });
}

test('supervisord waits for no event before it starts its programs, and for its own timeout after that', (t) => {
  const output = python(t, [join(import.meta.dirname, 'supervisord.py')], {
    ...SUPERVISOR_OF_APP_PORT,
    'poller.py': 'class Poller:\n  def poll(self, timeout):\n    print(timeout)\n',
    'supervisord.py':
      'from supervisor import poller\ndef main():\n  for _ in range(3): poller.Poller().poll(1)\n',
  });
  assert.equal(output, '0\n1\n1\n');
});

test('the entry points that supervisor parses are found without setuptools', (t) => {
  const program =
    "import pkg_resources\nprint(pkg_resources.EntryPoint.parse('x=os.path:join').resolve()('a', 'b'))";
  assert.equal(python(t, ['-c', program]), 'a/b\n');
});
