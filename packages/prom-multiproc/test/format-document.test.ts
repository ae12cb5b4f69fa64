/** FORMAT.md and its example match the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as format from '../src/format/layout.ts';
import { tableRows } from './support/markdown.ts';
import { definition, openWriter, START } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const DOCUMENT = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8');

/** Constants of layout.ts that are a number or text. */
const constants = Object.entries(format).flatMap(([name, value]) => {
  const text = Buffer.isBuffer(value) || typeof value === 'number' ? String(value) : undefined;
  return text === undefined ? [] : [[name, text] as const];
});

test('FORMAT.md lists each constant of the format with its value', () => {
  const documented = Array.from(DOCUMENT.matchAll(/^ {4}([A-Z_]+) {2,}(\S+)$/gm), ([, name, value]) => [
    name,
    value,
  ]);
  // The table of types lists the cells.
  const expected = constants.filter(([name]) => !/^(AT|CELL_OF)_/.test(name));
  assert.deepEqual(documented.toSorted(), expected.toSorted());
});

test('FORMAT.md lists each header field at its offset, aligned for its type', () => {
  const rows = tableRows(DOCUMENT, 'Offset');
  const documented = rows.map(([offset, , field]) => [
    `AT_${field!.toUpperCase().replaceAll(' ', '_')}`,
    offset,
  ]);
  assert.deepEqual(documented.toSorted(), constants.filter(([name]) => name.startsWith('AT_')).toSorted());
  const sizes: Record<string, number> = { 'u8[8]': 8, u32: 4, u64: 8, f64: 8, 'u8[3584]': 3584 };
  let end = 0;
  for (const [offset, type, field] of rows) {
    const size = sizes[type!];
    assert.ok(size !== undefined, `${field} is of type ${type}`);
    assert.ok(Number(offset) >= end, `${field} overlaps the field before it`);
    if (type!.length === 3) assert.equal(Number(offset) % size, 0, `${field} is not aligned`);
    end = Number(offset) + size;
  }
  assert.equal(end, format.HEADER_BYTES);
  assert.equal(sizes['u8[3584]'], format.MAX_CHUNKS);
});

test('FORMAT.md lists the metric types of the code', () => {
  const documented = tableRows(DOCUMENT, 'Type').map(([number, type]) => [Number(number), type]);
  assert.deepEqual(
    documented,
    format.METRIC_TYPES.map((type, i) => [i + 1, type]),
  );
});

test('the library writes the file that examples/slot-0.hexdump shows byte by byte', (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  const counter = writer.series(definition(), [[0, '/']])!;
  for (const [i, value] of [5, START].entries()) counter.array[counter.base + i] = value;
  const histogram = definition({
    name: 'seconds',
    help: 'Duration',
    type: 'histogram',
    labelNames: [],
    bounds: [1, 2],
  });
  const { array, base } = writer.series(histogram, [])!;
  for (const [i, value] of [1.5, START, 0, 1, 0].entries()) array[base + i] = value;
  writer.close();
  const file = readFileSync(join(directory, format.slotFileName(0)));
  file.writeUInt32LE(4242, format.AT_PID);
  const shown = readFileSync(new URL('../examples/slot-0.hexdump', import.meta.url), 'utf8');
  assert.equal(shown, hexLines(file));
});

/** Formats a file like `hexdump -C`, without lines of zeros. */
function hexLines(file: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < file.length; at += 16) {
    const bytes = file.subarray(at, at + 16);
    if (bytes.every((byte) => byte === 0)) continue;
    const halves = [bytes.subarray(0, 8), bytes.subarray(8)].map((half) =>
      half.toString('hex').replaceAll(/..(?!$)/g, '$& '),
    );
    const text = bytes.toString('latin1').replaceAll(/[^ -~]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${halves.join('  ')}  |${text}|\n`);
  }
  return lines.join('');
}
