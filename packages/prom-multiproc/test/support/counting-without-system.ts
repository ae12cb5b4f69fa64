/** Counts in known series, then in a new one, where no system call is allowed; writes what it has got through. */
import { writeSync } from 'node:fs';
import { register } from 'prom-client';
import { share } from '../../src/index.ts';
import { forbidSystemCalls } from './forbid-system-calls.ts';
import { countInNewSeries, waysToCount } from './known-series.ts';

const TIMES = 100;

share();
const ways = Object.entries(waysToCount(register));
// The engine keeps what it learns of each way on its heap, which may grow by a system call then.
for (const [, count] of ways) for (let i = 0; i < TIMES; i++) count();
forbidSystemCalls();
for (const [way, count] of ways) {
  for (let i = 0; i < TIMES; i++) count();
  writeSync(1, `${way}\n`);
}
countInNewSeries(register);
writeSync(1, 'a new series\n');
