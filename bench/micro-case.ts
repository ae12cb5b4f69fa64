/** One measurement in a process of its own: `node micro-case.ts <case> <ours|prom-client>` prints one number. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import client from 'prom-client';
import { share } from 'prom-multiproc';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const LABELS = ['method', 'route', 'status'];
const ROUNDS = 15;
const PER_ROUND = 200_000;

const routes = Array.from({ length: 20 }, (_, i) => `/route/${i}`);
const reused = routes.map((route) => ({ method: 'GET', route, status: 200 }));

function makeCounter(register: client.Registry): client.Counter {
  return new client.Counter({ name: 'a_total', help: 'A', labelNames: LABELS, registers: [register] });
}

function makeHistogram(register: client.Registry): client.Histogram {
  const config = { name: 'h', help: 'H', labelNames: LABELS, buckets: BUCKETS };
  return new client.Histogram({ ...config, registers: [register] });
}

const CASES: Record<string, (register: client.Registry) => (i: number) => void> = {
  inc_labels(register) {
    const counter = makeCounter(register);
    return (i) => counter.inc(reused[i % 20]!);
  },
  inc_labels_fresh(register) {
    const counter = makeCounter(register);
    return (i) => counter.inc({ method: 'GET', route: `/route/${i % 20}`, status: String(200 + (i % 2)) });
  },
  inc_bound(register) {
    const counter = makeCounter(register);
    const children = reused.map((labels) => counter.labels(labels));
    return (i) => children[i % 20]!.inc();
  },
  observe_labels(register) {
    const histogram = makeHistogram(register);
    return (i) => histogram.observe(reused[i % 20]!, (i % 100) / 10);
  },
  observe_bound(register) {
    const histogram = makeHistogram(register);
    const children = reused.map((labels) => histogram.labels(labels));
    return (i) => children[i % 20]!.observe((i % 100) / 10);
  },
};

/**
 * Median nanoseconds of one call over the later rounds: the first ones are the compiler's. Processor time of this thread, so
 * that what else the machine does counts as little as can be.
 */
function nanoseconds(act: (i: number) => void): number {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.threadCpuUsage();
    for (let i = 0; i < PER_ROUND; i++) act(i);
    const { user, system } = process.threadCpuUsage(began);
    rounds.push(((user + system) * 1000) / PER_ROUND);
  }
  const settled = rounds.slice(5).sort((a, b) => a - b);
  return settled[Math.floor(settled.length / 2)]!;
}

const [name, side] = process.argv.slice(2) as [string, string];
const register = new client.Registry();
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  if (side === 'ours') {
    process.env.PROMETHEUS_MULTIPROC_DIR = directory;
    share(register);
  }
  const make = CASES[name];
  if (make === undefined) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(', ')}`);
  console.log(nanoseconds(make(register)));
} finally {
  rmSync(directory, { recursive: true });
}
