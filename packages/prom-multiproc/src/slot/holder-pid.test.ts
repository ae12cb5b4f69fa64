import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs, { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppProcess } from '../../test/support/application.ts';
import { openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { describePid, holderPid } from './holder-pid.ts';

test('holderPid() returns the pid of the process that holds the slot', async (t) => {
  const directory = temporaryDirectory(t);
  const app = await AppProcess.start(t, directory);
  await app.takeSlot();
  const path = join(directory, 'slot-0.metrics');
  assert.equal(holderPid(path), app.pid);
  assert.equal(describePid(app.pid, path), `pid ${app.pid}`);
});

test('a pid is marked as of another PID namespace if the process with this pid does not have the slot open', (t) => {
  const directory = temporaryDirectory(t);
  openWriter(directory);
  const path = join(directory, 'slot-0.metrics');
  const other = spawn('sleep', ['600']);
  t.after(() => other.kill('SIGKILL'));
  for (const pid of [other.pid!, 4_194_305]) {
    assert.equal(describePid(pid, path), `pid ${pid} in another PID namespace`);
  }
});

test('a pid is marked as uncertain if this user may not list the open files of the process', (t) => {
  const path = join(temporaryDirectory(t), 'slot-0.metrics');
  writeFileSync(path, '');
  // The error of the kernel for a process of another user.
  t.mock.method(fs, 'readdirSync', () => {
    throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.equal(describePid(43, path), 'pid 43, possibly in another PID namespace');
});

test('holderPid() returns undefined for a missing, unborn or truncated file', (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'slot-0.metrics');
  assert.equal(holderPid(path), undefined);
  for (const bytes of [0, 30, 4096]) {
    writeFileSync(path, Buffer.alloc(bytes));
    assert.equal(holderPid(path), undefined);
  }
});
