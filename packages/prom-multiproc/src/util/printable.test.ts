import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { printable } from './printable.ts';
import { Warnings } from './warnings.ts';

const ESCAPES = [
  ...Array.from({ length: 0x20 }, (_, i) => i),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  0x202e,
  0x2028,
  0xe0041,
].filter((code) => code !== 0x09 && code !== 0x0a);

test('control and format characters are escaped, letters of any script are not', () => {
  for (const code of ESCAPES) {
    assert.equal(printable(`a${String.fromCodePoint(code)}b`), `a\\u{${code.toString(16)}}b`);
  }
  assert.equal(printable('größer\n\t場所'), 'größer\n\t場所');
});

test('a warning escapes control characters in label values', async () => {
  const warned = once(process, 'warning');
  new Warnings().warn('PROM_MULTIPROC_TEST', 'a series is not shared: {user="\u009b2J\u001b[2J"}');
  const [warning] = (await warned) as [Error];
  assert.equal(warning.message, 'a series is not shared: {user="\\u{9b}2J\\u{1b}[2J"}');
});
