import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccessLine, pathOf, upstreamAttempts } from './access-log.ts';

const line = (upstream: string, uri = '/ping?a=1') =>
  JSON.stringify({ method: 'GET', uri, status: '200', upstream_status: upstream, server_port: '8040' });
const attempts = (upstream: string) => upstreamAttempts(parseAccessLine(line(upstream))!);

test('each status that nginx lists is one attempt at the app', () => {
  assert.equal(attempts('200'), 1);
  assert.equal(attempts('502, 200'), 2);
  assert.equal(attempts('502, 502, 504'), 3);
  assert.equal(attempts('502 : 200'), 2);
});

test('an attempt without an answer still counts, a request that was never proxied does not', () => {
  assert.equal(attempts('-'), 1);
  assert.equal(attempts(''), 0);
});

test('the path of an entry is the address without its query', () => {
  assert.equal(pathOf(parseAccessLine(line('200'))!), '/ping');
});

test('other messages between the entries are passed over', () => {
  assert.equal(parseAccessLine('2026/01/01 00:00:00 [notice] 1#1: start worker processes'), undefined);
  assert.equal(parseAccessLine('{"level":"info"}'), undefined);
});
