/**
 * dying-process DIRECTORY POINT: takes a slot and counts one metric of each kind, and kills itself with SIGKILL at the
 * moment of that number, counted from 0. Ends with 0 where there are not so many.
 */
import { atEachStore } from './each-store.ts';
import { add, COUNTER, GAUGE, HISTOGRAM, openWriter } from './slot-files.ts';

const [directory, point] = process.argv.slice(2) as [string, string];
let left = Number(point);

function dieInTime(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

atEachStore(dieInTime, () => {
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 5);
  add(writer, GAUGE, '/', 7);
  add(writer, HISTOGRAM, '/', 4, 1, 1, 1, 1);
});
