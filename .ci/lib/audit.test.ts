import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const AUDIT = join(import.meta.dirname, 'audit.ts');

test('with AUDIT=required, a registry without an audit service is not reported as one that did not answer', () => {
  for (const [statusCode, status, message] of [
    [404, 1, /^error: the configured registry has no audit service$/m],
    [500, 2, /^error: the registry did not answer the audit request$/m],
  ] as const) {
    const audit = spawnSync(process.execPath, [AUDIT], {
      encoding: 'utf8',
      env: { AUDIT: 'required' },
      input: JSON.stringify({ message: `${statusCode} no`, statusCode }),
    });
    assert.match(audit.stderr, message);
    assert.equal(audit.status, status);
  }
});
