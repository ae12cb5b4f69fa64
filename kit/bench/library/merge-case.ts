/**
 * Measures the first and later merges of 8 slots, and the memory of the reader:
 * `node --expose-gc merge-case.ts <counters|histograms> <same|shuffled>`. With `shuffled`, each slot has its series in another order.
 * Prints one line of JSON. Times are processor time of the thread.
 */
import { Reader } from 'prom-multiproc';
import {
  CELL_OF_BUCKETS,
  CELL_OF_START,
  cellsPerSeries,
  type MetricDefinition,
} from '../../../packages/prom-multiproc/src/format/layout.ts';
import { loadLibc } from '../../../packages/prom-multiproc/src/os/libc.ts';
import { SlotWriter } from '../../../packages/prom-multiproc/src/slot/slot-writer.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const SLOTS = 8;
const SCRAPES = 200;
const WARM = 50;
const [kind, order] = process.argv.slice(2);
const isHistogram = kind === 'histograms';
const SERIES = isHistogram ? 1000 : 10_000;

const definition: MetricDefinition = {
  name: isHistogram ? 'http_request_duration_seconds' : 'http_requests_total',
  help: 'Requests',
  type: isHistogram ? 'histogram' : 'counter',
  aggregator: 'sum',
  labelNames: ['method', 'route', 'status'],
  bounds: isHistogram ? [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] : [],
};
const width = cellsPerSeries(definition);
const buckets = width - CELL_OF_BUCKETS;

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Bytes of heap and external memory, including mapped files. */
function bytesHeld(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

type Cells = NonNullable<ReturnType<SlotWriter['series']>>;

const cells: Cells[] = [];
function writeSlot(directory: string, slot: number, series: number): void {
  const writer = SlotWriter.open(loadLibc(), directory, {
    now: () => Date.now() / 1000,
    onRefused: (error) => {
      throw error;
    },
    onExemplarRefused: () => {},
  });
  for (let i = 0; i < series; i++) {
    // The step is coprime to `series`, so each series comes once.
    const route = order === 'shuffled' ? (i * [1, 3, 7, 9, 11, 13, 17, 19][slot]!) % series : i;
    const one = writer.series(definition, [
      [0, 'GET'],
      [1, `/route/${route}`],
      [2, '200'],
    ])!;
    for (let cell = width - 1; cell > CELL_OF_START; cell--) one.array[one.base + cell] = i * cell;
    one.array[one.base + CELL_OF_START] = Date.now() / 1000;
    one.array[one.base] = i;
    cells.push(one);
  }
}

/** Increments each counter, or observes 0.137 in each histogram. */
function count(scrape: number): void {
  for (const { array, base } of cells) {
    array[base]! += isHistogram ? 0.137 : 1;
    if (isHistogram) array[base + CELL_OF_BUCKETS + (scrape % buckets)]! += 1;
  }
}

/** A reader that has read the directory once. */
function readerOf(directory: string): Reader {
  const reader = new Reader(directory);
  reader.metrics();
  return reader;
}

const directories = [SERIES, 2 * SERIES].map((series) => {
  const directory = temporaryDirectory(thisProcess);
  for (let slot = 0; slot < SLOTS; slot++) writeSlot(directory, slot, series);
  return directory;
});
const reader = new Reader(directories[0]!);
const times: number[] = [];
let bytes = 0;
for (let scrape = 0; scrape < SCRAPES; scrape++) {
  count(scrape);
  const began = cpuMs();
  bytes = Buffer.byteLength(reader.metrics());
  times.push(cpuMs() - began);
}
// The mean, because the kernel may count processor time in steps longer than a scrape.
const steady = times.slice(WARM).reduce((sum, time) => sum + time, 0) / (SCRAPES - WARM);
reader.close();
// Doubling the series excludes code and buffers of constant size.
const held = [bytesHeld()];
const readers = directories.map((directory) => {
  const one = readerOf(directory);
  held.push(bytesHeld());
  return one;
});
const [none, single, both] = held as [number, number, number];
console.log(
  JSON.stringify({
    first: times[0],
    steady,
    bytes,
    bytesPerSeries: (both - single - (single - none)) / SERIES,
  }),
);
for (const one of readers) one.close();
