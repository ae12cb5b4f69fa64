/** The cost of counting and scraping, in units that do not vary between runs: system calls, bytes, executed blocks. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as client from 'prom-client';
import { cellsPerSeries, EXEMPLAR_BYTES, type MetricDefinition, slotFileName } from '../src/format/layout.ts';
import { encodeSeries } from '../src/format/log-codec.ts';
import { AppProcess } from './support/application.ts';
import { bytesRead } from './support/bytes-read.ts';
import { TextReader } from './support/directory-text.ts';
import { filledSlots } from './support/filled-slots.ts';
import {
  add,
  addExemplar,
  COUNTER,
  definition,
  GAUGE,
  HISTOGRAM,
  openWriter,
  SUMMARY,
  TRACED,
  TRACED_HISTOGRAM,
} from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const WAYS = [
  'inc(labels)',
  'inc(labels, value)',
  'labels().inc()',
  'labels(values).inc()',
  'labels(object).inc()',
  'observe(labels, value)',
  'labels().observe(value)',
  'labels(values).observe(value)',
  'labels(object).observe(value)',
  'set(value)',
  'set(labels, value)',
  'labels().set(value)',
  'labels(values).set(value)',
  'labels(object).dec()',
];
/** No object is smaller. The compiler allocates a few objects during the measurement. */
const SMALLEST_OBJECT_BYTES = 12;

const BYTES_OF_START = 8;
const isPromClient = !('WorkerRegistry' in client);

interface Bytes {
  readonly counter: number;
  readonly histogram: number;
}

function run(t: TestContext, program: string, nodeOptions: string[], args: string[] = []) {
  const argv = [...nodeOptions, join(import.meta.dirname, 'support', program), ...args];
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) };
  return spawnSync(process.execPath, argv, { env, encoding: 'utf8' });
}

test('counting in a known series makes no system call', (t) => {
  // The compilers wake their threads by system calls.
  const options = ['--expose-gc', '--no-opt', '--no-maglev', '--no-sparkplug', '--min-semi-space-size=16'];
  const { stdout, stderr, signal } = run(t, 'counting-without-system.ts', options);
  // SIGSYS at the new series shows that system calls were forbidden.
  assert.deepEqual([stdout.trim().split('\n'), signal], [WAYS, 'SIGSYS'], stderr);
});

test('counting in a known series allocates no object, whereas prom-client allocates one at each call', (t) => {
  const options = ['--expose-gc', '--min-semi-space-size=16', '--no-concurrent-recompilation'];
  const { stdout, stderr } = run(t, 'counting-allocations.ts', options);
  assert.notEqual(stdout, '', stderr);
  const [shared, plain] = JSON.parse(stdout) as [Record<string, number>, Record<string, number>];
  t.diagnostic(`bytes a call, shared ${JSON.stringify(shared)}, plain ${JSON.stringify(plain)}`);
  for (const way of WAYS) {
    assert.ok(shared[way]! < SMALLEST_OBJECT_BYTES, `${way}: ${shared[way]} bytes a call`);
    assert.ok(plain[way]! > SMALLEST_OBJECT_BYTES, `${way} of prom-client: ${plain[way]} bytes a call`);
  }
});

test('a counter series takes less memory than in plain prom-client, a histogram series at least 30 % less', (t) => {
  const { stdout, stderr } = run(t, 'series-memory.ts', ['--expose-gc']);
  assert.notEqual(stdout, '', stderr);
  const [shared, plain] = JSON.parse(stdout) as [Bytes, Bytes];
  t.diagnostic(`bytes a series, shared ${JSON.stringify(shared)}, plain ${JSON.stringify(plain)}`);
  // Series of @prometheus-io/client take less than those of prom-client, and no client's have a start time.
  const most = isPromClient ? plain.counter : plain.counter * 1.05 + BYTES_OF_START;
  assert.ok(shared.counter < most, 'a counter');
  assert.ok(shared.histogram < plain.histogram * 0.7, 'a histogram');
});

test('a series and its exemplars take the bytes in a slot that REFERENCE.md states', (t) => {
  const reference = readFileSync(join(import.meta.dirname, '../REFERENCE.md'), 'utf8');
  const [sentence] = /^Bytes of a series in each slot: .*?\n\n/ms.exec(reference)!;
  const stated = sentence.match(/\d+/g)!.map(Number);
  const bytesOf = (metric: MetricDefinition) => cellsPerSeries(metric) * 8;
  const timed = definition({ type: 'gauge', aggregator: 'mostrecent' });
  const perBound = (bytesOf(HISTOGRAM) - bytesOf(SUMMARY)) / HISTOGRAM.bounds.length;
  const text = '12345678';
  const [none, one] = [encodeSeries(0, []), encodeSeries(0, [[0, text]])];
  const place = bytesOf(TRACED) - bytesOf(COUNTER);
  assert.equal(bytesOf(TRACED_HISTOGRAM) - bytesOf(HISTOGRAM), place * (HISTOGRAM.bounds.length + 1));
  assert.deepEqual(stated, [
    ...[COUNTER, GAUGE, timed, SUMMARY].map(bytesOf),
    perBound,
    none.length,
    one.length - none.length - text.length,
    place,
    place + EXEMPLAR_BYTES,
  ]);

  // Nearly fills chunks, by which the file grows.
  const SERIES = 2650;
  const fileOf = (metric: MetricDefinition): number => {
    const directory = temporaryDirectory(t);
    const writer = openWriter(directory);
    for (let i = 0; i < SERIES; i++) {
      add(writer, metric, `/${i}`, 1);
      if (metric.exemplars) addExemplar(writer, metric, `/${i}`, { trace_id: '1' });
    }
    return statSync(join(directory, slotFileName(0))).size;
  };
  const grown = (fileOf(TRACED) - fileOf(COUNTER)) / SERIES;
  t.diagnostic(`an exemplar takes ${grown} bytes of the file`);
  assert.ok(Math.abs(grown - stated.at(-1)!) < stated.at(-1)! * 0.02, `${grown} bytes`);
});

interface Steps {
  readonly first: number;
  readonly later: number;
}

test('the steps of a scrape are proportional to the number of series and of slots', (t) => {
  const stepsOf = (slots: number, counters: number): Steps => {
    const { stdout, stderr } = run(t, 'scrape-steps.ts', [], [`${slots}`, `${counters}`]);
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout);
  };
  const small = stepsOf(2, 500);
  for (const [what, large] of [
    ['four times the series', stepsOf(2, 2000)],
    ['four times the slots', stepsOf(8, 500)],
  ] as const) {
    for (const scrape of ['first', 'later'] as const) {
      const result = `${scrape} scrape of ${what}: ${small[scrape]} -> ${large[scrape]} steps`;
      t.diagnostic(result);
      assert.ok(large[scrape] > small[scrape] && large[scrape] < small[scrape] * 4.4, result);
    }
  }
});

test('a metric with exemplars adds no step to a scrape for each series of other metrics', (t) => {
  const COUNTERS = 500;
  const { stdout, stderr } = run(t, 'exemplar-steps.ts', [], [`${COUNTERS}`]);
  assert.notEqual(stdout, '', stderr);
  for (const [format, [before, after]] of Object.entries<number[]>(JSON.parse(stdout))) {
    const result = `${format}: ${before} -> ${after} steps`;
    t.diagnostic(result);
    assert.ok(before! > COUNTERS && after! < before! + COUNTERS, result);
  }
});

test('a scrape reads each value twice, and otherwise only new records', (t) => {
  const SLOTS = 2;
  const besideValues = [100, 3000].map((counters) => {
    const { reader, count } = filledSlots(t, temporaryDirectory(t), SLOTS, counters);
    reader.text();
    count();
    const before = bytesRead();
    reader.text();
    const cells = SLOTS * (counters * cellsPerSeries(COUNTER) + (counters / 10) * cellsPerSeries(HISTOGRAM));
    return bytesRead() - before - cells * 8 * 2;
  });
  assert.ok(besideValues[0]! > 0);
  assert.equal(besideValues[1], besideValues[0], 'the same number of bytes for thirty times the series');
});

/** Number of times that the main thread of a process has gone to sleep. */
function sleeps(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)![1]);
}

test('scrapes do not wake the processes that count', async (t) => {
  const SCRAPES = 50;
  const directory = temporaryDirectory(t);
  const app = await AppProcess.start(t, directory, { PROMETHEUS_MULTIPROC_REFRESH_MS: '3600000' });
  await app.call('plain', 'inc');
  const reader = new TextReader(t, directory);
  const before = sleeps(app.pid);
  for (let i = 0; i < SCRAPES; i++) assert.match(reader.text(), /^plain_total 1$/m);
  const woken = sleeps(app.pid) - before;
  assert.ok(woken < SCRAPES / 5, `woken ${woken} times by ${SCRAPES} scrapes`);
});
