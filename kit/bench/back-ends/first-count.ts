/** One process that shares a registry, counts in 1,000 series and scrapes. Prints its figures as JSON. main.ts starts it. */
import { Counter, register } from 'prom-client';
import { share } from 'prom-multiproc';

const SERIES = 1000;

const counter = new Counter({ name: 'x_total', help: 'x', labelNames: ['i'] });
const loaded = performance.now();
share(register);
counter.inc({ i: '0' });
const counted = performance.now();
for (let i = 1; i < SERIES; i++) counter.inc({ i: String(i) });
await register.metrics();
const scraped = performance.now();
const { rss, heapUsed, external } = process.memoryUsage();
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    start_to_first_count: [counted, 'ms'],
    share_and_first_count: [counted - loaded, 'ms'],
    series_and_scrape: [scraped - counted, 'ms'],
    processor_time: [(user + system) / 1000, 'ms'],
    resident_memory: [rss / 1e6, 'MB'],
    heap_and_external: [(heapUsed + external) / 1e6, 'MB'],
  }),
);
