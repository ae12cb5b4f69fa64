/** Runs error-log.awk with this machine's awk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const AWK = ['-f', join(import.meta.dirname, 'error-log.awk')];
const MOST_LINES = 20;
const LONGEST_LINE = 2048 + ' (cut)'.length;

const shown = (...lines: string[]): string[] =>
  execFileSync('awk', AWK, {
    input: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'),
    env: { ...process.env, LC_ALL: 'C' },
  })
    .toString('latin1')
    .split('\n')
    .slice(0, -1);

const at = (second: number, text: string) =>
  `2026/01/01 00:00:${String(second).padStart(2, '0')} [error] 1#1: *1 ${text}`;

test('each byte that is not printable ASCII is escaped', () => {
  for (let byte = 0x01; byte <= 0xff; byte++) {
    if (byte === 0x0a) continue;
    const raw = String.fromCharCode(byte);
    const printable = byte >= 0x20 && byte <= 0x7e;
    const escaped = printable ? raw : `\\x${byte.toString(16).padStart(2, '0')}`;
    assert.deepEqual(shown(at(0, `a${raw}b`)), [at(0, `a${escaped}b`)], `byte ${byte}`);
  }
});

test('query strings and Referer are removed, and the rest of the line stays', () => {
  const failed = (request: string, upstream: string) =>
    at(0, `closed, request: "${request}", upstream: "http://192.0.2.1:80${upstream}", host: "here"`);
  const cases: [string, string, string, string][] = [
    ['GET /a?secret HTTP/1.1', '/a?secret', 'GET /a HTTP/1.1', '/a'],
    ['GET /a?"secret",b=?secret HTTP/1.1', '/a?"secret",b=?secret', 'GET /a HTTP/1.1', '/a'],
    ['GET /a HTTP/1.1', '/a', 'GET /a HTTP/1.1', '/a'],
  ];
  for (const [request, upstream, requestShown, upstreamShown] of cases) {
    const line = `${failed(request, upstream)}, referrer: "http://there/?secret "secret""`;
    assert.deepEqual(shown(line), [failed(requestShown, upstreamShown)]);
  }
});

test('a line has a bounded length, whatever it contains', () => {
  for (const byte of ['a', '"', '\\', '\x1b', '\x9b', '?']) {
    const [line] = shown(at(0, byte.repeat(10_000)));
    assert.ok(line!.length <= LONGEST_LINE, `${JSON.stringify(byte)}: ${line!.length}`);
    assert.match(line!, / \(cut\)$/);
  }
});

test('at most 20 lines of one second are logged, then the number of the others', () => {
  const flood = Array.from({ length: 1000 }, (_, i) => at(0, `line ${i}`));
  const lines = shown(...flood, at(1, 'later'));
  assert.deepEqual(lines.slice(0, MOST_LINES), flood.slice(0, MOST_LINES));
  assert.deepEqual(lines.slice(MOST_LINES), [
    '2026/01/01 00:00:01 [warn] error-log.awk: 980 more lines of 2026/01/01 00:00:00 not logged',
    at(1, 'later'),
  ]);
});
