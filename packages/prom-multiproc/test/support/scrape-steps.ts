/**
 * `node scrape-steps.ts <slots> <counters>` prints the number of JavaScript blocks that a first scrape executes, and those of a
 * scrape after one more count in each series. These numbers do not depend on the machine and its load.
 */
import { Session } from 'node:inspector/promises';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
// Modules loaded before are counted by function calls, not by blocks.
const { filledSlots } = await import('./filled-slots.ts');

/** The number of blocks executed since the last call. */
async function steps(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let blocks = 0;
  for (const { functions, url } of result) {
    if (!url.startsWith('file:')) continue;
    for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
  }
  return blocks;
}

const [slots, counters] = process.argv.slice(2).map(Number) as [number, number];
const atEnd = { after: (run: () => void) => void process.once('exit', run) };
const { count, reader } = filledSlots(atEnd, process.env.PROMETHEUS_MULTIPROC_DIR!, slots, counters);
const scrape = async () => {
  await steps();
  reader.text();
  return steps();
};
const first = await scrape();
count();
process.stdout.write(JSON.stringify({ first, later: await scrape() }));
