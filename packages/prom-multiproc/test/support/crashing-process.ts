/**
 * `crashing-process.ts <directory> <point>` takes a slot, counts in a counter, a gauge, a histogram, a summary and metrics with exemplars,
 * and removes a series. It sends itself SIGKILL at the point (from 0) of `atEachChange`, or exits with 0 if there are fewer points.
 */
import { join } from 'node:path';
import { CRASHED_FILE } from './crash-points.ts';
import { atEachChange } from './each-change.ts';
import {
  add,
  addExemplar,
  COUNTER,
  GAUGE,
  HISTOGRAM,
  openWriter,
  SUMMARY,
  TRACED,
  TRACED_HISTOGRAM,
} from './slot-files.ts';

const [directory, point] = process.argv.slice(2) as [string, string];
let left = Number(point);

function crashAtPoint(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

atEachChange(join(directory, CRASHED_FILE), crashAtPoint, () => {
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 5);
  add(writer, GAUGE, '/', 7);
  add(writer, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  add(writer, SUMMARY, '/', 8, 2);
  add(writer, TRACED, '/', 1);
  for (const t of ['1', '2']) addExemplar(writer, TRACED, '/', { t });
  add(writer, TRACED_HISTOGRAM, '/', 4, 0, 1, 0, 0);
  addExemplar(writer, TRACED_HISTOGRAM, '/', { t: '3' }, { place: 1 });
  writer.forget(TRACED_HISTOGRAM.name);
});
