import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processState, VERSION } from './process-state.ts';

test('VERSION is the version of the package', () => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  assert.equal(VERSION, JSON.parse(manifest).version);
});

test('another copy of the module returns the same state and creates none', async () => {
  const name = `test ${process.hrtime.bigint()}`;
  const made = processState(name, () => ({}));
  const copy: typeof import('./process-state.ts') = await import(`./process-state.ts?copy=${name}`);
  assert.notEqual(copy.processState, processState);
  assert.equal(
    copy.processState(name, () => assert.fail('made again')),
    made,
  );
});
