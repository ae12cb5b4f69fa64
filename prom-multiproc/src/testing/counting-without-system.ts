/** Counts in known series, then in a new one, where no system call is allowed; writes what it has got through. */
import { writeSync } from 'node:fs';
import { register } from 'prom-client';
import { share } from '../index.ts';
import { forbidSystemCalls } from './forbid-system-calls.ts';
import { countInNewSeries, waysToCount } from './known-series.ts';

const TIMES = 100;

share();
const ways = Object.entries(waysToCount(register));
forbidSystemCalls();
for (const [way, count] of ways) {
  for (let i = 0; i < TIMES; i++) count();
  writeSync(1, `${way}\n`);
}
countInNewSeries(register);
writeSync(1, 'a new series\n');
