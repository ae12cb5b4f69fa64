/**
 * `node scrape-steps.ts <slots> <counters>` prints the number of JavaScript blocks that a first scrape executes, and those of a
 * scrape after one more count in each series.
 */
import { countSteps } from './count-steps.ts';
import { thisProcess } from './temporary-directory.ts';

const steps = await countSteps(thisProcess);
// Modules loaded before are counted by function calls, not by blocks.
const { filledSlots } = await import('./filled-slots.ts');

const [slots, counters] = process.argv.slice(2).map(Number) as [number, number];
const { count, reader } = filledSlots(thisProcess, process.env.PROMETHEUS_MULTIPROC_DIR!, slots, counters);
const scrape = async () => {
  await steps();
  reader.text();
  return steps();
};
const first = await scrape();
count();
process.stdout.write(JSON.stringify({ first, later: await scrape() }));
