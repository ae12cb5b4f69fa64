/**
 * Bytes per series, from the growth when the number of series doubles:
 * `node --expose-gc memory.ts <worker|reader> <counters|statuses|histograms> <side>` prints one number.
 */
import { Reader, share } from 'prom-multiproc';
import { type Client, clientOf, isOurs } from '../sides.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const SERIES = 20_000;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const LABELS = ['method', 'route', 'status'];

const [what, kind, side] = process.argv.slice(2) as [string, string, string];
const client: Client = clientOf(side);
const register = new client.Registry();

/** Bytes of heap and external memory, including mapped files. */
function bytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function counter() {
  return new client.Counter({ name: 'a_total', help: 'A', labelNames: LABELS, registers: [register] });
}

/** Functions that count once in series `i`. */
const KINDS: Record<string, () => (i: number) => void> = {
  counters() {
    const one = counter();
    return (i) => one.inc({ method: 'GET', route: `/route/${i}`, status: '200' });
  },
  statuses() {
    const one = counter();
    return (i) =>
      one.inc({ method: 'GET', route: `/route/${Math.floor(i / 5)}`, status: `${200 + (i % 5)}` });
  },
  histograms() {
    const config = { name: 'seconds', help: 'S', labelNames: LABELS, buckets: BUCKETS };
    const one = new client.Histogram({ ...config, registers: [register] });
    return (i) => one.observe({ method: 'GET', route: `/route/${i}`, status: '200' }, i % 20);
  },
};

const make = KINDS[kind];
if (make === undefined)
  throw new Error(`unknown kind ${kind}; the kinds are ${Object.keys(KINDS).join(', ')}`);
const directory = temporaryDirectory();
if (isOurs(side)) {
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  share(register);
}
const count = make();
for (let i = 0; i < SERIES; i++) count(i);
const before = bytes();
if (what === 'worker') {
  for (let i = SERIES; i < 2 * SERIES; i++) count(i);
  console.log((bytes() - before) / SERIES);
  // A later use keeps the metric from being collected before the measurement.
  count(0);
} else {
  if (!isOurs(side)) throw new Error(`${side} has no reader`);
  const reader = new Reader(directory);
  reader.metrics();
  reader.metrics();
  console.log((bytes() - before) / SERIES);
  reader.close();
}
