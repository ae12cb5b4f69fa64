/** Checks that containers and a host differ only in addresses: compose.conf and host.conf. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** Returns the lines of the file without comments and without what may differ. */
function lines(name: string): string[] {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
    .split('\n')
    .map((line) =>
      line.replace(/^(\s*(?:server|listen|root) )[^\s;]+/, '$1ADDRESS').replace(/ resolve\b/, ''),
    )
    .filter((line) => line !== '' && !/^\s*#/.test(line) && !/^resolver /.test(line));
}

test('upstreams and servers are the same in containers and on a host, but for addresses and the health check of the container', () => {
  assert.deepEqual([...lines('host.conf'), 'include health.conf;'], lines('compose.conf'));
});
