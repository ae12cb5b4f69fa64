/** Stores exemplars in the counters of a slot, as fast as it can, until it is killed. The labels of each repeat the series' own. */
import { writeSync } from 'node:fs';
import { unixTime } from '../../src/os/unix-time.ts';
import { add, addExemplar, openWriter, TRACED } from './slot-files.ts';

const [directory, count] = process.argv.slice(2) as [string, string];
const writer = openWriter(directory);
for (let i = 0; i < Number(count); i++) add(writer, TRACED, `${i}`, 1);
writeSync(1, '.');
for (let round = 0; ; round++) {
  for (let i = 0; i < Number(count); i++) {
    const labels = { of: `${i}`.repeat(1 + (round % 40)) };
    addExemplar(writer, TRACED, `${i}`, labels, { amount: i, time: unixTime() });
  }
}
