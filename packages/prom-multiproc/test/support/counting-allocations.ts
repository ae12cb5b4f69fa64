/** Prints the bytes of heap that one count in a known series takes, by way: shared, and in plain prom-client. */
import { Registry } from 'prom-client';
import { share } from '../../src/index.ts';
import { waysToCount } from './known-series.ts';

const UNTIL_COMPILED = 30_000;
const TIMES = 10_000;

/** Of compiled code; nothing is collected meanwhile, the young generation being large enough. */
function bytesOf(count: () => void): number {
  for (let i = 0; i < UNTIL_COMPILED; i++) count();
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < TIMES; i++) count();
  return (process.memoryUsage().heapUsed - before) / TIMES;
}

const [shared, plain] = [new Registry(), new Registry()];
share(shared);
const bytes = [shared, plain].map((register) =>
  Object.fromEntries(Object.entries(waysToCount(register)).map(([way, count]) => [way, bytesOf(count)])),
);
process.stdout.write(JSON.stringify(bytes));
