import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

const ROOT = resolve(import.meta.dirname, '../../../..');

test('no package imports from demo-app', () => {
  const importing = globSync('packages/*/{src,test}/**/*.ts', { cwd: ROOT }).filter((file) =>
    /['"`](?:\.{1,2}\/)+demo-app\//.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(importing, []);
});
