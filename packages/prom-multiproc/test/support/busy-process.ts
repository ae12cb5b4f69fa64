/** Counts as fast as it can, and writes one byte after each increment. */
import { writeSync } from 'node:fs';
import { Counter, Histogram } from 'prom-client';
import { share } from '../../src/index.ts';

const MOST = 30_000;
const SERIES = 300;

const counter = new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'] });
const histogram = new Histogram({ name: 'seconds', help: 'Seconds', labelNames: ['route'], buckets: [1, 2] });
share();
for (let i = 0; i < MOST; i++) {
  const route = `/${i % SERIES}`;
  counter.inc({ route });
  histogram.observe({ route }, i % 3);
  writeSync(1, '.');
}
