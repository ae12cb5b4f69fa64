/** Two versions of the library with different file formats in one directory, as in REFERENCE.md. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clearDirectory } from '../src/clear-directory.ts';
import { AT_VERSION, VERSION } from '../src/format/layout.ts';
import { AppProcess } from './support/application.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

test('a process does not change slots of another format and counts in its own slot', async (t) => {
  const directory = temporaryDirectory(t);
  const foreign = join(directory, 'slot-0.metrics');
  const other = await AppProcess.start(t, directory);
  await other.callAndKill('plain', 'inc', 5);
  const bytes = readFileSync(foreign);
  bytes.writeUInt32LE(VERSION + 1, AT_VERSION);
  writeFileSync(foreign, bytes);

  const app = await AppProcess.start(t, directory);
  await app.call('plain', 'inc');
  const text = await app.metrics();
  assert.equal(sample(text, 'plain_total'), 1, 'without the counts in the other format');
  assert.equal(sample(text, 'prom_multiproc_unreadable_slots'), 1);
  assert.match((await app.warnings()).join('\n'), /slot-0\.metrics.*version/);
  assert.deepEqual(readFileSync(foreign), bytes);

  await app.kill();
  assert.equal((await clearDirectory(directory, { waitMs: 0 })).removed, 2, 'slots of every format');
  assert.deepEqual(readdirSync(directory), []);
});
