/**
 * Bytes a series costs in a process of its own:
 * `node --expose-gc memory-case.ts <worker|reader> <ours|prom-client> [routes|statuses|histogram]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import client from 'prom-client';
import { Reader, share } from 'prom-multiproc';

const SERIES = 20_000;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const LABELS = ['method', 'route', 'status'];

/** Heap, and the mapped files, which count as external memory. */
function bytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Counts once in the series of this number. */
const KINDS: Record<string, (register: client.Registry) => (i: number) => void> = {
  routes(register) {
    const counter = makeCounter(register);
    return (i) => counter.inc({ method: 'GET', route: `/route/${i}`, status: 200 });
  },
  statuses(register) {
    const counter = makeCounter(register);
    return (i) => counter.inc({ method: 'GET', route: `/route/${Math.floor(i / 5)}`, status: 200 + (i % 5) });
  },
  histogram(register) {
    const config = { name: 'seconds', help: 'S', labelNames: LABELS, buckets: BUCKETS };
    const histogram = new client.Histogram({ ...config, registers: [register] });
    return (i) => histogram.observe({ method: 'GET', route: `/route/${i}`, status: 200 }, i % 20);
  },
};

function makeCounter(register: client.Registry): client.Counter {
  return new client.Counter({ name: 'a_total', help: 'A', labelNames: LABELS, registers: [register] });
}

const [what, side, kind = 'routes'] = process.argv.slice(2);
const make = KINDS[kind];
if (make === undefined) throw new Error(`no kind ${kind}; there are ${Object.keys(KINDS).join(', ')}`);
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const register = new client.Registry();
  if (side === 'ours') {
    process.env.PROMETHEUS_MULTIPROC_DIR = directory;
    share(register);
  }
  const count = make(register);
  for (let i = 0; i < SERIES; i++) count(i);
  const before = bytes();
  if (what === 'worker') {
    for (let i = SERIES; i < 2 * SERIES; i++) count(i);
    console.log((bytes() - before) / SERIES);
    // What is not used any more could be freed before it was measured.
    count(0);
  } else {
    const reader = new Reader(directory);
    reader.metrics();
    reader.metrics();
    console.log((bytes() - before) / SERIES);
    reader.close();
  }
} finally {
  rmSync(directory, { recursive: true });
}
