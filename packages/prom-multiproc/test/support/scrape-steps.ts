/**
 * `node scrape-steps.ts <slots> <counters>` prints through how many blocks of JavaScript a first scrape goes, and one after
 * more was counted in each series: a measure that is the same on each machine, however busy.
 */
import { Session } from 'node:inspector/promises';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
// What is loaded before that is counted by the call, not by the block.
const { filledSlots } = await import('./filled-slots.ts');

/** Since it was last asked. */
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
