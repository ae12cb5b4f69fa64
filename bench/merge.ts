/** Merging and rendering 8 slots of 10,000 counters in one process, first and steady. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reader } from 'prom-multiproc';
import type { MetricDefinition } from '../prom-multiproc/src/format.ts';
import { loadLibc } from '../prom-multiproc/src/libc.ts';
import type { Cells } from '../prom-multiproc/src/slot-space.ts';
import { SlotWriter } from '../prom-multiproc/src/slot-writer.ts';

const SLOTS = 8;
const SERIES = 10_000;
const SCRAPES = 60;

const definition: MetricDefinition = {
  name: 'http_requests_total',
  help: 'Requests',
  type: 'counter',
  aggregator: 'sum',
  labelNames: ['method', 'route', 'status'],
  bounds: [],
};

const directory = mkdtempSync(join(tmpdir(), 'bench-'));
const cells: Cells[] = [];
for (let slot = 0; slot < SLOTS; slot++) {
  const writer = SlotWriter.open(loadLibc(), directory, {
    now: () => Date.now() / 1000,
    onRefused: (error) => {
      throw error;
    },
  });
  for (let i = 0; i < SERIES; i++) {
    const one = writer.series(definition, [
      [0, 'GET'],
      [1, `/route/${i}`],
      [2, '200'],
    ])!;
    one.array[one.base] = i;
    cells.push(one);
  }
}

const reader = new Reader(directory);
const times: number[] = [];
let bytes = 0;
for (let scrape = 0; scrape < SCRAPES; scrape++) {
  for (const { array, base } of cells) array[base]! += 1;
  const began = performance.now();
  bytes = Buffer.byteLength(reader.metrics());
  times.push(performance.now() - began);
}
const steady = times.slice(10).sort((a, b) => a - b);
console.log(
  `merge ${SLOTS}x${SERIES}: first ${times[0]!.toFixed(1)} ms, second ${times[1]!.toFixed(1)} ms, steady ${steady[Math.floor(steady.length / 2)]!.toFixed(2)} ms ` +
    `(${steady[0]!.toFixed(2)}..${steady.at(-1)!.toFixed(2)}), ${bytes} bytes`,
);
rmSync(directory, { recursive: true });
