import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

test('titles made by loops and in suites are listed, and neither a test nor a hook runs', (t) => {
  const file = join(temporaryDirectory(t), 'some.test.ts');
  writeFileSync(
    file,
    `import test, { before, describe, type TestContext } from 'node:test';
    const fails = (_t: TestContext) => { throw new Error('ran'); };
    before(fails);
    for (const n of [1, 2]) test(\`number \${n}\`, { timeout: 1_000 }, fails);
    describe('a suite', () => { test('inside', fails); });`,
  );
  const program = join(import.meta.dirname, 'titles-of-file.ts');
  const { stdout, stderr } = spawnSync(process.execPath, [program, file], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), ['number 1', 'number 2', 'a suite > inside']);
});
