import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processState, VERSION } from './process-state.ts';

test('the version that keeps copies apart is that of the package', () => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  assert.equal(VERSION, JSON.parse(manifest).version);
});

test('another copy of this file gives the same state, and makes none of its own', async () => {
  const name = `test ${process.hrtime.bigint()}`;
  const made = processState(name, () => ({}));
  const copy: typeof import('./process-state.ts') = await import(`./process-state.ts?copy=${name}`);
  assert.notEqual(copy.processState, processState);
  assert.equal(
    copy.processState(name, () => assert.fail('made again')),
    made,
  );
});
