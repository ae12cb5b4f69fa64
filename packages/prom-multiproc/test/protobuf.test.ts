/** In protobuf, a page has the same families, series and values as in text. It is decoded by protobufjs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { renderPage } from '../src/exposition/page.ts';
import { formatOf } from '../src/exposition/page-format.ts';
import { DirectoryReader } from '../src/merge/directory-reader.ts';
import { loadLibc } from '../src/os/libc.ts';
import { sharedRegistry } from '../src/share.ts';
import { textOfPage } from './support/protobuf-text.ts';
import { Random } from './support/random.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { add, COUNTER, definition, GAUGE, HISTOGRAM, openWriter, SUMMARY } from './support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';
import { twinRegistries } from './support/twin-registries.ts';

const { PROMETHEUS_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE } = client.Registry;

for (const [what, scenario] of Object.entries(SCENARIOS)) {
  for (const contentType of [PROMETHEUS_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE]) {
    const isOpen = contentType === OPENMETRICS_CONTENT_TYPE;
    test(`${what}: the same in protobuf as in text${isOpen ? ', of an OpenMetrics registry' : ''}`, async (t) => {
      const { shared, both } = twinRegistries(t, contentType);
      both(scenario);
      const format = formatOf(contentType);
      const registry = sharedRegistry(shared)!;
      const text = (await registry.page({ ...format, syntax: 'text' }))!.toString();
      const message = textOfPage((await registry.page({ ...format, syntax: 'protobuf' }))!);
      assert.equal(message, text);
      const own = await shared.metrics();
      if (isOpen) assert.deepEqual(seriesOf(own), seriesOf(text));
      else assert.equal(own, text);
    });
  }
}

/** The lines with samples. */
const seriesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** Reads a directory in both formats. Undefined `slot`: the totals. */
function pages(t: Cleanup, directory: string, slot?: number): { text: string; message: string } {
  const reader = new DirectoryReader(loadLibc(), directory, () => {}, slot);
  t.after(() => reader.close());
  reader.refresh();
  const families = [...reader.families.values()];
  const format = formatOf(PROMETHEUS_CONTENT_TYPE);
  return {
    text: renderPage(families, format).toString(),
    message: textOfPage(renderPage(families, { ...format, syntax: 'protobuf' })),
  };
}

test('the merge of many slots is the same in protobuf: gauges of each slot, different bounds, labels of any length', (t) => {
  const directory = temporaryDirectory(t);
  const random = new Random(11);
  const metrics = [COUNTER, GAUGE, HISTOGRAM, SUMMARY, { ...HISTOGRAM, bounds: [0.5, 2, 1e21] }];
  metrics.push({ ...SUMMARY, bounds: [0.5, 0.99] }, { ...GAUGE, name: 'each', aggregator: 'all' });
  for (const aggregator of ['mostrecent', 'average', 'omit', 'keptall'])
    metrics.push(definition({ name: `g_${aggregator}`, type: 'gauge', aggregator }));
  const values = [
    '',
    '/',
    'ü',
    '"\\\n',
    'x'.repeat(127),
    'x'.repeat(128),
    'x'.repeat(16_383),
    '😀'.repeat(5000),
  ];
  for (let length = 16_350; length < 16_390; length++) values.push('\u{10FFFF}'.repeat(length / 4));
  for (let slot = 0; slot < 3; slot++) {
    const writer = openWriter(directory);
    for (const metric of metrics) {
      for (const value of random.shuffled(values).slice(0, 30)) {
        const counts = metric.bounds.map(() => random.int(2) * 2 ** random.int(50));
        const first = metric.type === 'summary' ? [random.next(), random.int(9)] : [random.int(1000) / 8];
        add(writer, metric, value, ...first, ...counts, ...(metric.type === 'histogram' ? [1] : []));
      }
    }
    if (slot === 1) writer.close();
  }
  for (const slot of [undefined, 0]) {
    const { text, message } = pages(t, directory, slot);
    assert.ok(text.length > 1e6);
    // assert.equal would print both.
    assert.ok(message === text, 'the pages differ');
  }
});
