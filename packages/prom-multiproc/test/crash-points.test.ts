/**
 * A process may be killed between any two stores, and the kernel keeps the file as it is. So these tests copy the file after each
 * store, read each copy and take it over.
 */
import assert from 'node:assert/strict';
import fs, { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import type { MetricDefinition } from '../src/format/layout.ts';
import { loadLibc } from '../src/os/libc.ts';
import { tryHold } from '../src/slot/slot-lock.ts';
import type { SlotWriter } from '../src/slot/slot-writer.ts';
import { CRASHED_FILE, CrashPoints } from './support/crash-points.ts';
import { TextReader } from './support/directory-text.ts';
import { values } from './support/sample.ts';
import { add, COUNTER, definition, GAUGE, HISTOGRAM, openWriter } from './support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

/** The values that a reader shows. Fails if it finds a damaged file. */
function shown(t: Cleanup, directory: string, where: string): Map<string, number> {
  const reader = new TextReader(t, directory);
  const found = values(reader.text());
  assert.deepEqual(reader.errors, [], where);
  return found;
}

interface Step {
  readonly metric: MetricDefinition;
  readonly value: string;
  readonly amounts: number[];
}

/**
 * Performs `before`, then crashes at each point of `act`. After each crash a successor takes the slot and performs `steps`. Each
 * total must be at least the total without `act` and at most the total with it. @returns the number of points.
 */
function crashAtEachPoint(
  t: TestContext,
  { before, act, steps }: { before: Step[]; act: (directory: string) => void; steps: Step[] },
): number {
  const live = temporaryDirectory(t);
  const count = (writer: SlotWriter, steps: Step[]) => {
    for (const { metric, value, amounts } of steps) add(writer, metric, value, ...amounts);
    writer.close();
  };
  if (before.length > 0) count(openWriter(live), before);
  const lowest = before.length > 0 ? shown(t, live, 'before') : new Map<string, number>();
  const points = new CrashPoints(t, live);
  points.during(() => act(live));
  const highest = shown(t, live, 'after');
  const within = (found: Map<string, number>, extra: Map<string, number>, where: string) => {
    for (const [series, value] of found) {
      const least = (lowest.get(series) ?? 0) + (extra.get(series) ?? 0);
      const most = (highest.get(series) ?? 0) + (extra.get(series) ?? 0);
      assert.ok(value >= least && value <= most, `${where}: ${series} is ${value}, not ${least} to ${most}`);
    }
    for (const series of lowest.keys()) assert.ok(found.has(series), `${where}: ${series} is lost`);
  };
  const added = temporaryDirectory(t);
  count(openWriter(added), steps);
  const extra = shown(t, added, 'steps alone');
  for (const [i, { directory, after }] of points.copies.entries()) {
    const where = `point ${i}, after ${after}`;
    within(shown(t, directory, where), new Map(), where);
    const successor = openWriter(directory);
    assert.equal(successor.slot, 0, `${where}: the slot is not taken over`);
    count(successor, steps);
    within(shown(t, directory, where), extra, `${where}, taken over`);
  }
  t.diagnostic(`${points.copies.length} points: ${points.copies.map(({ after }) => after).join(', ')}`);
  return points.copies.length;
}

const QUANTILES = definition({ name: 'sizes', type: 'summary', bounds: [0.5, 0.9] });

const ALL: Step[] = [
  { metric: COUNTER, value: '/', amounts: [5] },
  { metric: HISTOGRAM, value: '/', amounts: [4, 1, 1, 1, 1] },
  { metric: QUANTILES, value: '/', amounts: [8, 2, 3, 4] },
];

function counting(steps: Step[]): (directory: string) => void {
  return (directory) => {
    // Another time, so that each store of the header changes the file.
    const writer = openWriter(directory, { now: 90_000 });
    for (const { metric, value, amounts } of steps) add(writer, metric, value, ...amounts);
    writer.publishProcessMetrics(1n, 2);
    writer.beat(90_001);
    writer.close();
  };
}

test('a crash at any point of creating a slot file, a metric or a series loses and adds no counts', (t) => {
  const points = crashAtEachPoint(t, { before: [], act: counting(ALL), steps: ALL });
  assert.ok(points >= 30, `${points} points`);
});

test('a crash at any point of taking over a slot loses and adds no counts', (t) => {
  const more = [...ALL, { metric: COUNTER, value: '/new', amounts: [1] }];
  const points = crashAtEachPoint(t, { before: ALL, act: counting(more), steps: more });
  assert.ok(points >= 15, `${points} points`);
});

test('a crash at any point of adding chunks to a file loses and adds no counts', (t) => {
  const long = (length: number): Step => ({ metric: COUNTER, value: 'x'.repeat(length), amounts: [1] });
  // Readers do not show quantiles.
  const wide = definition({
    name: 'wide',
    type: 'summary',
    bounds: Array.from({ length: 5000 }, (_, i) => i),
  });
  const steps = [
    long(65_000),
    long(140_000),
    { metric: wide, value: '/', amounts: [1, 1] },
    { metric: wide, value: '/2', amounts: [1, 1] },
    { metric: COUNTER, value: '/late', amounts: [1] },
  ];
  crashAtEachPoint(t, { before: ALL, act: counting(steps), steps });
});

for (const [where, before, least] of [
  ['in a new slot', [], 40],
  ['in the slot of a dead process', ALL, 20],
] as const) {
  test(`a crash at any point of the first counts of a shared registry ${where} loses and adds no counts`, (t) => {
    const count = (directory: string) => {
      const register = new client.Registry();
      const registers = [register];
      const labelNames = ['route'];
      const counter = new client.Counter({ name: COUNTER.name, help: 'x', labelNames, registers });
      const histogram = new client.Histogram({
        name: HISTOGRAM.name,
        help: 'x',
        labelNames,
        registers,
        buckets: [...HISTOGRAM.bounds],
      });
      const early = histogram.labels('/');
      // These counts are on the heap and are moved to the slot when it is taken.
      counter.inc({ route: '/' }, 2);
      early.observe(1);
      early.observe(9);
      shareIn(directory, register);
      counter.inc({ route: '/' }, 3);
      histogram.observe({ route: '/' }, 4);
      early.observe(3);
      counter.labels('/b').inc();
    };
    const steps: Step[] = [
      { metric: COUNTER, value: '/', amounts: [1] },
      { metric: HISTOGRAM, value: '/', amounts: [1, 1] },
    ];
    const points = crashAtEachPoint(t, { before: [...before], act: count, steps });
    assert.ok(points >= least, `${points} points`);
  });
}

/** The crash points of a takeover of a slot in which a gauge was set. */
function pointsOfTakeover(t: TestContext): CrashPoints {
  const live = temporaryDirectory(t);
  const first = openWriter(live);
  add(first, GAUGE, '/', 7);
  first.close();
  const points = new CrashPoints(t, live);
  points.during(() => openWriter(live).close());
  return points;
}

test('gauges of a dead process are not shown again, at whichever point its successor crashes', (t) => {
  const points = pointsOfTakeover(t);
  for (const [i, { directory, after }] of points.copies.entries()) {
    const writer = openWriter(directory);
    const text = new TextReader(t, directory).text();
    assert.ok(!text.includes('in_flight{'), `point ${i}, after ${after}: ${text}`);
    writer.close();
  }
});

test('gauges of a dead process are not shown after the first store of its successor', (t) => {
  const points = pointsOfTakeover(t);
  const hasValue = points.copies.map(({ directory }) =>
    readFileSync(join(directory, CRASHED_FILE)).includes(new Uint8Array(Float64Array.of(7).buffer)),
  );
  assert.deepEqual(hasValue.slice(0, 3), [true, true, false], 'the value is cleared after the first store');
  for (const [i, { directory, after }] of points.copies.entries()) {
    const fd = tryHold(loadLibc(), join(directory, CRASHED_FILE));
    assert.ok(fd !== undefined);
    const text = new TextReader(t, directory).text();
    fs.closeSync(fd);
    assert.equal(text.includes('in_flight{'), i === 0, `point ${i}, after ${after}`);
  }
});

test('a kept gauge has its old or its new value at each point at which its process may crash', (t) => {
  for (const [aggregator, expected] of [
    ['keptsum', [5, 7, 4, 14]],
    ['keptmin', [5, 2, -1, 5]],
    ['keptmax', [5, 9]],
    ['keptmostrecent', [5, 2, -1, 9]],
    ['keptall', [5, 2, -1, 9]],
  ] as const) {
    const live = temporaryDirectory(t);
    const cells = aggregator === 'keptmostrecent' ? [5, 1] : [5];
    const first = openWriter(live);
    add(first, definition({ name: 'g', type: 'gauge', aggregator, labelNames: ['x'] }), '1', ...cells);
    first.close();
    const points = new CrashPoints(t, live);
    points.during(() => {
      const register = new client.Registry();
      const registers = [register];
      const config = { name: 'g', help: 'x', labelNames: ['x'], registers };
      const gauge = new client.Gauge({ ...config, aggregator: aggregator as 'sum' });
      shareIn(live, register);
      gauge.set({ x: '1' }, 2);
      gauge.set({ x: '1' }, -1);
      gauge.set({ x: '1' }, 9);
    });
    const seen = points.copies.map(({ directory }) => {
      const text = new TextReader(t, directory).text();
      return values(text).get(aggregator === 'keptall' ? 'g{x="1",worker="0"}' : 'g{x="1"}');
    });
    const changes = seen.filter((value, i) => value !== seen[i - 1]);
    assert.deepEqual(changes, expected, aggregator);
    for (const { directory } of points.copies) {
      const before = new TextReader(t, directory).text();
      openWriter(directory).close();
      assert.equal(new TextReader(t, directory).text(), before, `${aggregator}, taken over`);
    }
  }
});
