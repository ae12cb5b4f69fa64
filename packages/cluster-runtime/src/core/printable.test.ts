import assert from 'node:assert/strict';
import test from 'node:test';
import { escapeControls, pathForLog } from './printable.ts';

const characters = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));
const CONTROLS = [...characters(0x00, 0x1f), ...characters(0x7f, 0x9f)];
/** Bidirectional controls, joiners, marks and tags. With them the screen shows other text than the string contains. */
const FORMATS = ['\u00ad', '\u200e', '\u202a', '\u202e', '\u2066', '\u2028', '\u2029', '\ufeff', '\u{e0041}'];

test('every control and format character is escaped, and JSON.parse restores it', () => {
  for (const character of [...CONTROLS, ...FORMATS]) {
    const line = escapeControls(JSON.stringify({ text: `a${character}b` }));
    assert.match(line, /^[ -~]+$/, JSON.stringify(character));
    assert.deepEqual(JSON.parse(line), { text: `a${character}b` });
  }
});

test('line feeds, tabs and letters of any script are not escaped', () => {
  const text = 'Fehler: größer als 1\n\tat 場所 (файл.ts:1:1)\n';
  assert.equal(escapeControls(text), text);
});

test('a path is logged without its query, as at most 256 bytes of printable ASCII', () => {
  const cases: [string | undefined, string][] = [
    ['/ping', '/ping'],
    ['/a%3Fb?token=secret?', '/a%3Fb'],
    ['/a\u009bb', '/a (cut)'],
    ['/größe', '/gr (cut)'],
    ['/a b', '/a (cut)'],
    [`/${'"'.repeat(255)}`, `/${'"'.repeat(255)}`],
    [`/${'"'.repeat(256)}?secret`, `/${'"'.repeat(255)} (cut)`],
    [undefined, ''],
  ];
  for (const [target, logged] of cases) assert.equal(pathForLog(target), logged);
});
