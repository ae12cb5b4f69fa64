/**
 * `crashing-process.ts <directory> <point>` takes a slot and counts in a counter, a gauge, a histogram and a counter with exemplars. It sends itself SIGKILL at
 * the point (from 0) of `atEachStore`, or exits with 0 if there are fewer points.
 */
import { atEachStore } from './each-store.ts';
import { add, addExemplar, COUNTER, GAUGE, HISTOGRAM, openWriter, TRACED } from './slot-files.ts';

const [directory, point] = process.argv.slice(2) as [string, string];
let left = Number(point);

function crashAtPoint(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

atEachStore(crashAtPoint, () => {
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 5);
  add(writer, GAUGE, '/', 7);
  add(writer, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  add(writer, TRACED, '/', 1);
  for (const trace_id of ['first', 'last']) addExemplar(writer, TRACED, '/', { trace_id });
});
