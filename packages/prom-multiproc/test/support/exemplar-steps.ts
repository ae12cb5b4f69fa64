/**
 * `node exemplar-steps.ts <counters>` prints, by format, the number of JavaScript blocks that a scrape of as many counters and some
 * histograms executes: without exemplars, and when another metric has one.
 */
import { countSteps } from './count-steps.ts';
import { thisProcess } from './temporary-directory.ts';

const steps = await countSteps(thisProcess);
// Modules loaded before are counted by function calls, not by blocks.
const { filledSlots } = await import('./filled-slots.ts');
const { add, addExemplar, openWriter, TRACED } = await import('./slot-files.ts');

const FORMATS = ['openmetrics', 'protobuf'] as const;
const directory = process.env.PROMETHEUS_MULTIPROC_DIR!;
const { reader } = filledSlots(thisProcess, directory, 1, Number(process.argv[2]));
const scrapes = async () => {
  const all: number[] = [];
  for (const format of FORMATS) {
    await steps();
    reader.page(format);
    all.push(await steps());
  }
  return all;
};
// The first scrapes read all names and labels.
await scrapes();
const before = await scrapes();
const writer = openWriter(directory);
add(writer, TRACED, '/', 1);
addExemplar(writer, TRACED, '/', { trace_id: '1' });
const after = await scrapes();
const byFormat = FORMATS.map((format, i) => [format, [before[i], after[i]]]);
process.stdout.write(JSON.stringify(Object.fromEntries(byFormat)));
