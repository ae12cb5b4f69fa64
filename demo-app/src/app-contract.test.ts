import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

test('nothing outside app/ but main.ts asks for what is in it: the tests of the kit hold whatever it is', () => {
  const cwd = import.meta.dirname;
  const asking = globSync('**/*.ts', { cwd, exclude: ['app/**'] }).filter((file) =>
    /['"`](?:\.{1,2}\/)+(?:app\/|main\.ts)/.test(readFileSync(join(cwd, file), 'utf8')),
  );
  assert.deepEqual(asking, ['main.ts']);
});
