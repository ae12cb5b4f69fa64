/** Bytes a series costs in a process of its own: `node --expose-gc memory-case.ts <worker|reader> <ours|prom-client>`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import client from 'prom-client';
import { Reader, share } from 'prom-multiproc';

const SERIES = 20_000;

/** Heap, and the mapped files, which count as external memory. */
function bytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function countIn(register: client.Registry, from: number): void {
  const counter =
    (register.getSingleMetric('a_total') as client.Counter | undefined) ??
    new client.Counter({
      name: 'a_total',
      help: 'A',
      labelNames: ['method', 'route', 'status'],
      registers: [register],
    });
  for (let i = from; i < from + SERIES; i++)
    counter.inc({ method: 'GET', route: `/route/${i}`, status: 200 });
}

const [what, side] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const register = new client.Registry();
  if (side === 'ours') {
    process.env.PROMETHEUS_MULTIPROC_DIR = directory;
    share(register);
  }
  countIn(register, 0);
  const before = bytes();
  if (what === 'worker') {
    countIn(register, SERIES);
    console.log((bytes() - before) / SERIES);
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
