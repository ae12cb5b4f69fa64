import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccessLine, upstreamAttempts } from './access-log.ts';

const line = (upstream: string, path = '/ping') =>
  JSON.stringify({ method: 'GET', path, status: '200', upstream_status: upstream, server_port: '8040' });
const attempts = (upstream: string) => upstreamAttempts(parseAccessLine(line(upstream))!);

test('each status in upstream_status is one attempt', () => {
  assert.equal(attempts('200'), 1);
  assert.equal(attempts('502, 200'), 2);
  assert.equal(attempts('502, 502, 504'), 3);
  assert.equal(attempts('502 : 200'), 2);
});

test('an attempt without a response counts, and a request that was not proxied does not', () => {
  assert.equal(attempts('-'), 1);
  assert.equal(attempts(''), 0);
});

test('an entry has its path', () => {
  assert.equal(parseAccessLine(line('200'))!.path, '/ping');
});

test('other messages of nginx are skipped', () => {
  assert.equal(parseAccessLine('2026/01/01 00:00:00 [notice] 1#1: start worker processes'), undefined);
  assert.equal(parseAccessLine('{"level":"info"}'), undefined);
});
