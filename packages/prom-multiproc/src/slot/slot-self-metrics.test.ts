import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { AppProcess } from '../../test/support/application.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { add, definition, openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { share } from '../index.ts';
import { Reader } from '../reader.ts';
import { COLLECT_FAILURES, SlotSelfMetrics } from './slot-self-metrics.ts';
import type { SlotWriter } from './slot-writer.ts';

const NAME = 'prom_multiproc_collect_failures_total';
const LINE = `${NAME}{metric="a"}`;

function selfMetricsOf(writer: SlotWriter): SlotSelfMetrics {
  return new SlotSelfMetrics(() => writer);
}

test('every reader shows the sum of the self-metrics of living and dead processes', async (t) => {
  const directory = temporaryDirectory(t);
  const [dead, living] = [openWriter(directory), openWriter(directory)];
  selfMetricsOf(dead).add(COLLECT_FAILURES, ['a'], 2);
  selfMetricsOf(living).add(COLLECT_FAILURES, ['a']);
  dead.close();
  const reader = new Reader(directory);
  t.after(() => reader.close());
  assert.equal(sample(reader.metrics(), LINE), 3);
  assert.equal(sample(reader.workerMetrics(1)!, LINE), 1);

  // Takes over the slot of the dead process and continues its counts.
  const app = await AppProcess.start(t, directory);
  await app.call('plain', 'inc');
  assert.equal(sample(await app.metrics(), LINE), 3);
  selfMetricsOf(living).add(COLLECT_FAILURES, ['a'], 10);
  assert.equal(sample(await app.metrics(), LINE), 13);
});

test('failures of collect() are counted by metric, and a killed process keeps its count', async (t) => {
  const directory = temporaryDirectory(t);
  const [first, second] = [
    await AppProcess.start(t, directory, { FAILING_COLLECT: 'a', PROMETHEUS_MULTIPROC_REFRESH_MS: '20' }),
    await AppProcess.start(t, directory),
  ];
  const failures = async (app: AppProcess) => sample(await app.metrics(), LINE) ?? 0;
  await until('failures to be counted', async () => (await failures(second)) > 1);
  await first.kill();
  const counted = await failures(second);
  assert.ok(counted > 1);
  assert.equal(await failures(second), counted);
});

test('self-metrics are shown once, from the start, and only with the option selfMetrics', async (t) => {
  const directory = temporaryDirectory(t);
  const [shown, hidden] = [new client.Registry(), new client.Registry()];
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  share(shown);
  share(hidden, { selfMetrics: false });
  if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else process.env.PROMETHEUS_MULTIPROC_DIR = before;

  assert.ok((await shown.metrics()).includes(`# TYPE ${NAME} counter`));
  const writer = openWriter(directory);
  selfMetricsOf(writer).add(COLLECT_FAILURES, ['a']);
  // A self-metric of a later version of the library.
  add(writer, definition({ name: 'prom_multiproc_later_total', labelNames: ['x'] }), 'y', 5);

  const text = await shown.metrics();
  assert.equal(text.match(new RegExp(`# TYPE ${NAME}`, 'g'))?.length, 1);
  assert.deepEqual([sample(text, LINE), sample(text, 'prom_multiproc_later_total{x="y"}')], [1, 5]);
  const json = (await shown.getMetricsAsJSON()).filter(({ name }) => name === NAME);
  assert.deepEqual(
    json.map(({ values }) => values.map(({ value, labels }) => [value, labels])),
    [[[1, { metric: 'a' }]]],
  );
  assert.equal(await hidden.metrics(), '\n');
  assert.deepEqual(await hidden.getMetricsAsJSON(), []);
});

test('self-metrics counted before there is a slot are kept, and a gauge moves to the next slot', (t) => {
  const directory = temporaryDirectory(t);
  let writer: SlotWriter | undefined;
  const selfMetrics = new SlotSelfMetrics(() => writer);
  const gauge = definition({ name: 'prom_multiproc_g', type: 'gauge', labelNames: [] });
  selfMetrics.add(COLLECT_FAILURES, ['a'], 4);
  selfMetrics.set(gauge, 7);
  writer = openWriter(directory);
  selfMetrics.placeAll(writer);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  assert.equal(sample(reader.metrics(), LINE), 4);
  // The next slot starts with the gauge's value. The counts remain in the first slot.
  const next = openWriter(directory);
  selfMetrics.placeAll(next);
  writer = next;
  selfMetrics.add(COLLECT_FAILURES, ['a']);
  const values = [0, 1].map((slot) => sample(reader.workerMetrics(slot)!, LINE));
  assert.deepEqual(values, [4, 1]);
  assert.equal(sample(reader.workerMetrics(1)!, 'prom_multiproc_g'), 7);
});
