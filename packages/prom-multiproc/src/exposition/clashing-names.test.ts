import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOpenMetrics } from '../../test/support/parse-openmetrics.ts';
import { decodePage, samplesOf } from '../../test/support/protobuf-text.ts';
import { Random } from '../../test/support/random.ts';
import { definition, START } from '../../test/support/slot-files.ts';
import { cellsPerSeries, METRIC_TYPES, type MetricType } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';
import { localFamily } from '../merge/local-family.ts';
import { renderPage } from './page.ts';
import type { PageFormat } from './page-format.ts';

const ENDS = ['', '_total', '_created', '_count', '_sum', '_bucket', '_info'];
const NAMES = ['x', 'x_total'].flatMap((stem) => ENDS.map((end) => stem + end));

/** A metric whose series have these values of its only label. */
function metric(name: string, type: MetricType, values: readonly string[], help = `${type} ${name}`): Family {
  const bounds = type === 'histogram' || type === 'summary' ? [0.5, 1] : [];
  const defined = definition({ name, type, help, bounds, labelNames: ['l'] });
  const series = values.map((value, i) => {
    const cells = new Float64Array(cellsPerSeries(defined)).fill(i + 1);
    if (type !== 'gauge') cells[1] = START;
    return { labels: value === '' ? [] : [[0, value] as const], values: cells };
  });
  return localFamily(defined, series);
}

const key = (name: string, labels: Record<string, string>) =>
  JSON.stringify([name, Object.entries(labels).sort()]);

/** The values of the series in protobuf, by name and labels. Of several with the same name and labels it keeps the first. */
function seriesOf(families: readonly Family[], format: PageFormat): Map<string, number> {
  const all = new Map<string, number>();
  for (const { name, labels, value } of decodePage(
    renderPage(families, { ...format, syntax: 'protobuf' }),
  ).flatMap(samplesOf)) {
    const own = key(name, Object.fromEntries(labels.map((label) => [label.name, label.value])));
    if (!all.has(own)) all.set(own, value);
  }
  return all;
}

const SEED = Number(process.env.FUZZ_SEED ?? 1);

test('the strict parser reads all series of metrics with any names and types', () => {
  const random = new Random(SEED);
  const cases = Array.from({ length: Number(process.env.FUZZ_ROUNDS ?? 120) }, () => {
    const names = random.shuffled(NAMES).slice(0, 1 + random.int(6));
    const families = names.map((name) =>
      metric(name, random.pick(METRIC_TYPES), random.shuffled(['', 'a', 'b']).slice(0, random.int(4))),
    );
    const format = {
      syntax: 'openmetrics',
      addsTotal: random.int(2) > 0,
      created: random.int(2) > 0,
    } as const;
    return { families, format, page: renderPage(families, format).toString() };
  });
  for (const [i, parsed] of parseOpenMetrics(cases.map(({ page }) => page)).entries()) {
    const { families, format, page } = cases[i]!;
    assert.ok(typeof parsed !== 'string', `FUZZ_SEED=${SEED}: ${parsed}\n${page}`);
    const expected = seriesOf(families, format);
    const found = new Map<string, number>();
    for (const { type, samples } of parsed) {
      for (const [name, labels, value] of samples) {
        const isStart = type !== 'unknown' && type !== 'gauge' && name.endsWith('_created');
        if (!isStart) found.set(key(name, labels), Number(value));
      }
    }
    assert.deepEqual([...found].sort(), [...expected].sort(), page);
  }
});

const OPEN: PageFormat = { syntax: 'openmetrics', addsTotal: false, created: true };

/** The types in a page of metrics with one series each, by name. */
function typesOf(...metrics: readonly (readonly [string, MetricType])[]): Record<string, string> {
  const page = renderPage(
    metrics.map(([name, type]) => metric(name, type, ['a'])),
    OPEN,
  ).toString();
  return Object.fromEntries(
    [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]),
  );
}

test('of clashing metrics only counters lose their type, if that suffices', () => {
  assert.deepEqual(typesOf(['jobs', 'gauge'], ['jobs_total', 'counter'], ['other_total', 'counter']), {
    jobs: 'gauge',
    jobs_total: 'unknown',
    other: 'counter',
  });
  assert.deepEqual(typesOf(['jobs', 'histogram'], ['jobs_total', 'counter']), {
    jobs: 'histogram',
    jobs_total: 'unknown',
  });
  assert.deepEqual(typesOf(['x_created', 'gauge'], ['x_total', 'counter']), {
    x_created: 'gauge',
    x_total: 'unknown',
  });
  assert.deepEqual(typesOf(['foo', 'counter'], ['foo_total', 'counter']), {
    foo: 'unknown',
    foo_total: 'unknown',
  });
  assert.deepEqual(typesOf(['x_created', 'gauge'], ['x', 'summary']), {
    x_created: 'gauge',
    x_sum: 'unknown',
    x_count: 'unknown',
  });
  assert.deepEqual(typesOf(['handles', 'gauge'], ['handles_total', 'gauge'], ['x_info', 'gauge']), {
    handles: 'gauge',
    handles_total: 'gauge',
    x_info: 'gauge',
  });
});

test('a clashing metric has the help, labels and values it has otherwise, but no start time', () => {
  const families = [
    metric('jobs', 'gauge', ['']),
    metric('jobs_total', 'counter', ['"\n', 'b'], 'a\\b\n"c"'),
  ];
  assert.equal(
    renderPage(families, OPEN).toString(),
    [
      '# HELP jobs gauge jobs\n# TYPE jobs gauge\njobs 1',
      '# HELP jobs_total a\\\\b\\n"c"\n# TYPE jobs_total unknown\njobs_total{l="\\"\\n"} 1\njobs_total{l="b"} 2',
      '# EOF\n',
    ].join('\n'),
  );
});
