/** Prints the heap bytes that one count in a known series allocates, for each way to count, shared and in plain prom-client. */
import { Registry } from 'prom-client';
import { share } from '../../src/index.ts';
import { waysToCount } from './known-series.ts';

const UNTIL_COMPILED = 30_000;
const TIMES = 10_000;

/** Measures compiled code. The young generation is large enough to avoid a garbage collection during the measurement. */
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
