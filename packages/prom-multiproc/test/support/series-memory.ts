/**
 * Prints the bytes that a series takes, by type of metric: shared, including the mapped file, and in plain prom-client. Measures the
 * growth from n to 2n series, because tables grow by doubling.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import { share } from '../../src/index.ts';

const SERIES = 20_000;

function bytesHeld(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function bytesOf(count: (labels: { method: string; route: string; status: string }) => void): number {
  const countIn = (i: number) => count({ method: 'GET', route: `/route/${i}`, status: '200' });
  for (let i = 0; i < SERIES; i++) countIn(i);
  const before = bytesHeld();
  for (let i = SERIES; i < 2 * SERIES; i++) countIn(i);
  return (bytesHeld() - before) / SERIES;
}

const [shared, plain] = [new Registry(), new Registry()];
share(shared);
const bytes = [shared, plain].map((register) => {
  const config = { help: 'x', labelNames: ['method', 'route', 'status'] as const, registers: [register] };
  const counter = new Counter({ ...config, name: 'requests_total' });
  const histogram = new Histogram({ ...config, name: 'seconds' });
  return {
    counter: bytesOf((labels) => counter.inc(labels)),
    histogram: bytesOf((labels) => histogram.observe(labels, 0.7)),
  };
});
process.stdout.write(JSON.stringify(bytes));
