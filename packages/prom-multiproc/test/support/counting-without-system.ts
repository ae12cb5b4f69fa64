/** Forbids system calls, then counts in known series and in a new one. Writes the name of each step that succeeds. */
import { writeSync } from 'node:fs';
import { register } from 'prom-client';
import { share } from '../../src/index.ts';
import { forbidSystemCalls } from './forbid-system-calls.ts';
import { countInNewSeries, waysToCount } from './known-series.ts';

const UNTIL_FEEDBACK = 100;
/** Few: interpreted calls allocate, and V8's heap may grow by a system call. */
const TIMES = 20;

share();
const ways = Object.entries(waysToCount(register));
// V8 collects feedback for each way to count before system calls are forbidden.
for (const [, count] of ways) for (let i = 0; i < UNTIL_FEEDBACK; i++) count();
// Leaves free memory in the current page of the heap, so that it need not grow.
globalThis.gc!();
forbidSystemCalls();
for (const [way, count] of ways) {
  for (let i = 0; i < TIMES; i++) count();
  writeSync(1, `${way}\n`);
}
countInNewSeries(register);
writeSync(1, 'a new series\n');
