/** A reader in Python that was written from FORMAT.md alone shows the same totals as the library. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import client from 'prom-client';
import { CHUNK_BYTES, EXEMPLARS_PER_CHUNK, valueCells } from '../src/format/layout.ts';
import { TextReader } from './support/directory-text.ts';
import { Random } from './support/random.ts';
import { values } from './support/sample.ts';
import {
  add,
  addExemplar,
  addTo,
  COUNTER,
  definition,
  GAUGE,
  HISTOGRAM,
  openWriter,
  START,
  SUMMARY,
  TRACED,
  TRACED_HISTOGRAM,
} from './support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

interface ReadByPython {
  readonly values: Map<string, number>;
  /** As `TextReader.exemplars`. */
  readonly exemplars: Map<string, string>;
  readonly errors: string;
}

const PROGRAM = fileURLToPath(new URL('../examples/read_slots.py', import.meta.url));

function readInPython(directory: string): ReadByPython {
  const env = { ...process.env, PYTHONUTF8: '1' };
  const { error, status, stdout, stderr } = spawnSync('python3', [PROGRAM, directory], {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) {
    assert.fail(`this test needs python3 (on Debian: apt-get install python3): ${error.message}`);
  }
  assert.ok(status === 0 || stderr.includes('is left out'), `exit status ${status}: ${stderr}`);
  const exemplars = stdout.matchAll(/^# (\S+) (\{.*)$/gm);
  return {
    values: values(stdout),
    exemplars: new Map(Array.from(exemplars, ([, series, exemplar]) => [series!, exemplar!])),
    errors: stderr,
  };
}

/** Returns the counters and histograms that the library shows. */
function readByLibrary(t: Cleanup, directory: string) {
  const reader = new TextReader(t, directory);
  const exemplars = reader.exemplars();
  const text = reader.text() + reader.startTimes();
  const other = [...text.matchAll(/^# TYPE (\S+) (?:gauge|summary)$/gm)].map(([, name]) => name!);
  const isOther = (series: string) => other.some((name) => series.split('{')[0]!.startsWith(name));
  const shown = [...values(text)].filter(([series]) => !isOther(series));
  return { values: new Map(shown), exemplars, errors: reader.errors };
}

/** Compares both readers. @returns what they show */
function compare(t: Cleanup, directory: string): ReadByPython {
  const [python, library] = [readInPython(directory), readByLibrary(t, directory)];
  assert.deepEqual(python.values, library.values);
  assert.deepEqual(python.exemplars, library.exemplars);
  assert.equal(python.errors === '', library.errors.length === 0, python.errors);
  return python;
}

test('the Python reader shows what an application counts through prom-client', (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const config = { help: 'of all', registers: [register] };
  const labelNames = ['method', 'route'];
  const requests = new client.Counter({ ...config, name: 'requests_total', labelNames });
  const seconds = new client.Histogram({ ...config, name: 'seconds', labelNames });
  new client.Gauge({ ...config, name: 'up' }).set(1);
  new client.Summary({ ...config, name: 'sizes' }).observe(7);
  new client.Counter({ ...config, name: 'unlabelled_total' }).inc(0.1);
  for (const route of ['/', '/ü/日本', 'back\\slash "quotes"\nline feed', '', ',}=']) {
    requests.inc({ method: 'GET', route }, 3);
    requests.inc({ route });
    for (const value of [0, 0.004, 0.3, 11, 1e9]) seconds.observe({ route, method: 'GET' }, value);
  }
  requests.remove({ route: '/' });
  const shown = compare(t, directory).values;
  assert.equal(shown.get('requests_total{method="GET",route="/"}'), 3);
  assert.equal(shown.get('seconds_bucket{le="0.005",route="/",method="GET"}'), 2);
});

test('the Python reader merges living and dead slots of many chunks with different definitions of one name', (t) => {
  const directory = temporaryDirectory(t);
  const random = new Random(3);
  const wide = definition({
    name: 'wide',
    type: 'histogram',
    bounds: Array.from({ length: 3000 }, (_, i) => i),
  });
  const metrics = [COUNTER, GAUGE, HISTOGRAM, SUMMARY];
  metrics.push({ ...HISTOGRAM, bounds: [0.5, 2, 1e21] }, { ...COUNTER, labelNames: ['status'] });
  metrics.push({ ...GAUGE, name: 'latest', aggregator: 'mostrecent' });
  metrics.push({ ...GAUGE, name: 'kept', aggregator: 'keptmostrecent' });
  metrics.push(TRACED, TRACED_HISTOGRAM, { ...TRACED_HISTOGRAM, bounds: [0.5, 4] });
  const writers = Array.from({ length: 4 }, () => openWriter(directory));
  for (const [i, writer] of writers.entries()) {
    for (let n = 0; n < 3000; n++) {
      const metric = n % 500 === 0 ? wide : random.pick(metrics);
      const amounts = metric.bounds.map(() => random.int(1000));
      const value = `${random.int(2000)}`;
      add(writer, metric, value, random.int(1000) / 8, ...amounts);
      if (metric.exemplars === undefined || n % 2 === 0) continue;
      const labels = { trace_id: `${n}`, user: '日本"' };
      const at = { place: random.int(metric.bounds.length + 1), time: random.int(1000) / 8 };
      addExemplar(writer, metric, value, labels, at);
    }
    add(writer, COUNTER, 'x'.repeat(CHUNK_BYTES), 1);
    add(writer, definition({ name: 'odd', type: i % 2 === 0 ? 'counter' : 'histogram' }), '/', 1, 1);
    if (i % 2 === 0) writer.close();
  }
  const shown = compare(t, directory);
  assert.ok(shown.values.size > 10_000);
  assert.ok(shown.exemplars.size > 500);
});

test('both readers show no start time that is unknown and no exemplar that is invalid or of an absent series', (t) => {
  const directory = temporaryDirectory(t);
  const [writer, other] = [openWriter(directory), openWriter(directory)];
  const cells = (value: string) => {
    const { array, base } = writer.series(TRACED, [[0, value]])!;
    return { array, base, reference: base + valueCells(TRACED) };
  };
  const invalid = [-1, Number.NaN, Infinity, 0.5, 1, 2 ** 20 - 1, 2 ** 20 + EXEMPLARS_PER_CHUNK, 2 ** 53];
  for (const value of ['/', '/removed', '/stale', ...invalid.map(String)]) {
    add(writer, TRACED, value, 1);
    addExemplar(writer, TRACED, value, { of: value });
  }
  const removed = cells('/removed');
  removed.array[removed.base] = Number.NaN;
  // The record has a later exemplar.
  const stale = cells('/stale');
  stale.array[stale.reference]! -= 2 ** 20;
  for (const value of invalid) {
    const { array, reference } = cells(String(value));
    array[reference] = value;
  }
  addTo(writer, TRACED, [[0, '/unknown']], [1], 0);
  for (const metric of [COUNTER, HISTOGRAM, TRACED]) {
    addTo(writer, metric, [[0, '/both']], [1], 0);
    addTo(other, metric, [[0, '/both']], [1], START);
  }
  const { values: shown, exemplars } = compare(t, directory);
  assert.deepEqual([...exemplars.keys()], ['traced_total{route="/"}']);
  assert.equal(shown.get('traced_total_created{route="/"}'), START);
  for (const value of ['/unknown', '/both']) {
    assert.equal(shown.get(`traced_total_created{route="${value}"}`), undefined);
  }
});

test('both readers leave out damaged files, and unborn files are not damaged', (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 5);
  add(writer, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  const path = (slot: number) => join(directory, `slot-${slot}.metrics`);
  const good = readFileSync(path(0));
  writeFileSync(path(1), '');
  writeFileSync(path(2), Buffer.alloc(4096));
  assert.equal(compare(t, directory).values.get('requests_total{route="/"}'), 5);
  const random = new Random(7);
  for (let i = 0; i < 20; i++) {
    const damaged = Buffer.from(good);
    const parts = [
      [0, 28],
      [512, 514],
      [4096, 4096 + good.readUInt32LE(16)],
    ] as const;
    const [from, to] = random.pick(parts);
    damaged[from + random.int(to - from)]! ^= 1 << random.int(8);
    writeFileSync(path(10 + i), damaged);
  }
  writeFileSync(path(40), good.subarray(0, good.length - 1));
  symlinkSync(path(0), path(41));
  assert.equal(compare(t, directory).values.get('requests_total{route="/"}'), 5);
});
