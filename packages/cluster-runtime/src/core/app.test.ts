import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

const ROOT = resolve(import.meta.dirname, '../../../..');

test('no package asks for what is in demo-app: they hold whatever it is', () => {
  const asking = globSync('packages/*/{src,test}/**/*.ts', { cwd: ROOT }).filter((file) =>
    /['"`](?:\.{1,2}\/)+demo-app\//.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(asking, []);
});
