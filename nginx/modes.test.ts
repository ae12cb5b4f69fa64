/** Checks that compose.conf, host.conf and swarm.conf differ only in addresses. */
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

const ONLY_IN_COMPOSE = ['include behind-tls.conf;', 'include ../added/*.conf;'];

test('upstreams and servers are the same in containers and on a host, but for addresses and the servers that only containers have', () => {
  assert.deepEqual(
    [...lines('host.conf'), 'include health.conf;', ...ONLY_IN_COMPOSE],
    lines('compose.conf'),
  );
});

test('upstreams and servers are the same in a Swarm, but each replica is listed once, as a server of its own, and Caddy and further files are missing', () => {
  const twice = ['', ' backup']
    .map((backup) => `  server ADDRESS max_fails=0 max_conns=128${backup};\n`)
    .join('');
  const compose = lines('compose.conf').join('\n');
  assert.ok(compose.includes(twice));
  assert.equal(
    [...lines('swarm.conf'), ...ONLY_IN_COMPOSE].join('\n'),
    compose.replaceAll(twice, '  server ADDRESS max_fails=0 max_conns=256;\n'),
  );
});
