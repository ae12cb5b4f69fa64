import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

/** Returns the seconds that the only match of `pattern` in the file sets. */
function secondsOf(path: string, pattern: RegExp): number {
  const found = [...readFileSync(join(ROOT, path), 'utf8').matchAll(pattern)];
  assert.equal(found.length, 1, `${path}: ${pattern}`);
  return Number(found[0]![1]);
}

test('Caddy closes idle connections before nginx does, so no request is sent on a connection that nginx closes', () => {
  const ofCaddy = secondsOf('caddy/Caddyfile', /^\s*keepalive (\d+)s$/gm);
  const ofNginx = secondsOf('nginx/nginx.conf', /^\s*keepalive_timeout (\d+)s;$/gm);
  assert.ok(ofCaddy <= ofNginx - 5, `${ofCaddy} s, nginx ${ofNginx} s`);
});

test('Caddy stops before compose kills it', () => {
  const drain = secondsOf('caddy/Caddyfile', /^\s*grace_period (\d+)s$/gm);
  const caddy = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8').split(/^ {2}caddy:\n/m)[1]!;
  const [, killed] = /stop_grace_period: (\d+)s/.exec(caddy) ?? [];
  assert.ok(drain < Number(killed), `${drain} s, killed after ${killed} s`);
});
