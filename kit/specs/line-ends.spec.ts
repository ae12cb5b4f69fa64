import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { git } from '../test-kit/upstream.ts';
import { Checkouts } from './support/checkouts.ts';

const TIMEOUT_MS = 20 * 60_000;

test('docker compose up starts a checkout whose files have CRLF line endings', async () => {
  test.setTimeout(TIMEOUT_MS);
  const checkouts = new Checkouts();
  try {
    const clone = checkouts.clone('crlf');
    for (const line of git(clone, 'ls-files', '--eol').split('\n')) {
      const [, path] = /^i\/lf .*\t(.*)$/.exec(line) ?? [];
      if (path === undefined) continue;
      const file = join(clone, path);
      writeFileSync(file, readFileSync(file, 'latin1').replaceAll('\n', '\r\n'), 'latin1');
    }
    expect(readFileSync(join(clone, 'supervisor/run-supervisord'), 'utf8')).toMatch(/^#!\/bin\/sh\r\n/);
    await checkouts.compose(clone, 'up', '--build', '--detach', '--wait');
    const [, port] = /:(\d+)$/.exec((await checkouts.compose(clone, 'port', 'nginx', '8040')).trim()) ?? [];
    expect(await (await fetch(`http://127.0.0.1:${port}/ping`)).text()).toBe('Pong');
  } finally {
    await checkouts.remove();
  }
});
