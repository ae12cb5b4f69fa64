import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const END_ON_FATAL = join(import.meta.dirname, 'end-on-fatal');

/** The format of https://supervisord.org/events.html#process-state-fatal-event-type. */
function event(name: string, program = 'app'): string {
  const payload = `processname:${program} groupname:${program} from_state:BACKOFF`;
  return `ver:3.0 server:supervisor serial:1 pool:fatal poolserial:1 eventname:${name} len:${payload.length}\n${payload}`;
}

test('a FATAL program is named, and the parent gets SIGTERM', (t) => {
  const mark = join(temporaryDirectory(t), 'fatal');
  const { stdout, stderr } = spawnSync('sh', ['-c', 'trap "echo terminated" TERM; "$0"; :', END_ON_FATAL], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, FATAL_MARK: mark },
    input: event('PROCESS_STATE_BACKOFF') + event('PROCESS_STATE_FATAL'),
  });
  assert.match(stderr, /^program app did not stay up: ending supervisord with a failure/);
  assert.equal(stdout, 'READY\nRESULT 2\nOKREADY\nterminated\n');
  assert.ok(existsSync(mark));
});

for (const given of ['END_AT_FIRST_FAILURE', 'TRIED_MARK']) {
  test(`${given} ends at the first failed start of the app, and not of a program that may fail until nginx answers`, (t) => {
    const mark = join(temporaryDirectory(t), 'fatal');
    const { stdout } = spawnSync('sh', ['-c', 'trap "echo terminated" TERM; "$0"; :', END_ON_FATAL], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, FATAL_MARK: mark, [given]: temporaryDirectory(t) },
      input: event('PROCESS_STATE_BACKOFF', 'nginx-exporter') + event('PROCESS_STATE_BACKOFF'),
    });
    assert.equal(stdout, 'READY\nRESULT 2\nOKREADY\nterminated\n');
  });
}
