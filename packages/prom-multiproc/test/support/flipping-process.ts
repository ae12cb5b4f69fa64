/** Stores two bit patterns alternately in the cells of counters, as fast as it can, until it is killed. */
import { writeSync } from 'node:fs';
import { cellsPerSeries } from '../../src/format/layout.ts';
import { COUNTER, openWriter } from './slot-files.ts';

const [directory, count, one, other] = process.argv.slice(2) as [string, string, string, string];
const writer = openWriter(directory);
const patterns = [one, other].map((bits) => new Float64Array(BigUint64Array.of(BigInt(bits)).buffer)[0]!);
let cells: Float64Array = new Float64Array();
for (let i = 0; i < Number(count); i++) {
  const { array, base } = writer.series(COUNTER, [[0, `${i}`]])!;
  array.fill(patterns[0]!, base, base + cellsPerSeries(COUNTER));
  cells = array.subarray(0, base + cellsPerSeries(COUNTER));
}
writeSync(1, '.');
flip(cells, patterns[0]!, patterns[1]!);

function flip(cells: Float64Array, a: number, b: number): void {
  for (;;) {
    for (let i = 0; i < cells.length; i++) cells[i] = a;
    for (let i = 0; i < cells.length; i++) cells[i] = b;
  }
}
