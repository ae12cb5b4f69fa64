/** Start times and exemplars in each format that a scraper can ask for. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { formatOf, type Syntax } from '../src/exposition/page-format.ts';
import { share, sharedRegistry } from '../src/share.ts';
import { parseOpenMetrics } from './support/parse-openmetrics.ts';
import { decodePage } from './support/protobuf-text.ts';
import { twinRegistries } from './support/twin-registries.ts';

const { OPENMETRICS_CONTENT_TYPE, PROMETHEUS_CONTENT_TYPE } = client.Registry;
const START = 1_700_000_000.25;
const LABELS = { route: '/"' };

/** A shared registry with a metric of each type, and a function that returns its page in a format. */
function application(t: TestContext, contentType: string, includeCreatedTimestamps?: boolean) {
  t.mock.timers.enable({ apis: ['Date'], now: START * 1000 });
  const { shared, directory } = twinRegistries(t, contentType);
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  if (includeCreatedTimestamps !== undefined) share(shared, { includeCreatedTimestamps });
  if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  const registers = [shared];
  const enableExemplars = contentType === OPENMETRICS_CONTENT_TYPE;
  const config = { help: 'x', labelNames: ['route'], registers };
  const plain = new client.Counter({ ...config, name: 'plain_total' });
  const summary = new client.Summary({ ...config, name: 'sizes' });
  new client.Gauge({ name: 'up', help: 'x', registers }).set(1);
  plain.inc(LABELS);
  summary.observe(LABELS, 7);
  const counter = new client.Counter({ ...config, name: 'traced_total', enableExemplars } as never);
  const histogram = new client.Histogram({
    ...config,
    name: 'seconds',
    buckets: [1, 2],
    enableExemplars,
  } as never);
  if (enableExemplars) {
    const exemplarLabels = { trace_id: 'a"b' };
    counter.inc({ labels: LABELS, value: 2, exemplarLabels } as never);
    for (const value of [0.5, 9]) histogram.observe({ labels: LABELS, value, exemplarLabels } as never);
  } else {
    counter.inc(LABELS);
    histogram.observe(LABELS, 1);
  }
  t.mock.timers.setTime(START * 1000 + 60_000);
  counter.inc((enableExemplars ? { labels: LABELS } : LABELS) as never);
  const page = async (syntax: Syntax) =>
    (await sharedRegistry(shared)!.page({ ...formatOf(contentType), syntax })) as Buffer;
  return { shared, page };
}

test('protobuf has the start time of each counter, histogram and summary, and exemplars', async (t) => {
  const { page } = application(t, OPENMETRICS_CONTENT_TYPE);
  const families = decodePage(await page('protobuf'));
  const of = (name: string) => families.find((one) => one.name === name)!.metric[0]!;
  const created = { seconds: Math.floor(START), nanos: 250_000_000 };
  const exemplar = (value: number) => ({
    label: [{ name: 'trace_id', value: 'a"b' }],
    value,
    timestamp: created,
  });
  assert.deepEqual(of('plain_total').counter, { value: 1, createdTimestamp: created });
  assert.deepEqual(of('traced_total').counter, {
    value: 3,
    exemplar: exemplar(2),
    createdTimestamp: created,
  });
  assert.deepEqual(of('sizes').summary!.createdTimestamp, created);
  const { bucket, createdTimestamp } = of('seconds').histogram!;
  assert.deepEqual(createdTimestamp, created);
  assert.deepEqual(bucket, [
    { cumulativeCount: 1, upperBound: 1, exemplar: exemplar(0.5) },
    { cumulativeCount: 1, upperBound: 2 },
    { cumulativeCount: 2, upperBound: Infinity, exemplar: exemplar(9) },
  ]);
  assert.deepEqual(of('up').gauge, { value: 1 });
});

test('protobuf has start times without exemplars, too', async (t) => {
  const { page } = application(t, PROMETHEUS_CONTENT_TYPE);
  const created = decodePage(await page('protobuf')).flatMap(({ metric }) =>
    metric.map(({ counter, histogram, summary }) => {
      const { createdTimestamp } = counter ?? histogram ?? summary ?? {};
      return createdTimestamp && createdTimestamp.seconds + createdTimestamp.nanos / 1e9;
    }),
  );
  assert.deepEqual(created, [START, START, undefined, START, START]);
});

test('OpenMetrics has start times as _created only with includeCreatedTimestamps, valid for the strict parser', async (t) => {
  const { page, shared } = application(t, OPENMETRICS_CONTENT_TYPE, true);
  const text = (await page('openmetrics')).toString();
  assert.equal(await shared.metrics(), text);
  const [families] = parseOpenMetrics([text]);
  assert.ok(typeof families !== 'string', families as string);
  const samples = families!.flatMap(({ samples }) => samples);
  const created = samples.filter(([name]) => name.endsWith('_created'));
  assert.deepEqual(
    created.map(([name, labels, value]) => [name, labels, Number(value)]),
    ['plain', 'sizes', 'traced', 'seconds'].map((name) => [`${name}_created`, LABELS, START]),
  );
  assert.deepEqual(
    samples.flatMap(([name, , , exemplar]) => (exemplar === null ? [] : [[name, exemplar]])),
    [
      ['traced_total', [{ trace_id: 'a"b' }, 2, START]],
      ['seconds_bucket', [{ trace_id: 'a"b' }, 0.5, START]],
      ['seconds_bucket', [{ trace_id: 'a"b' }, 9, START]],
    ],
  );
  assert.doesNotMatch((await page('text')).toString(), /_created|trace_id/);
});

test('OpenMetrics has no start times by default', async (t) => {
  const { page } = application(t, OPENMETRICS_CONTENT_TYPE);
  const text = (await page('openmetrics')).toString();
  assert.doesNotMatch(text, /_created/);
  assert.match(text, /trace_id/);
});

test('in OpenMetrics a metric named as the start times of another one is shown, and they are not', async (t) => {
  const { page, shared } = application(t, OPENMETRICS_CONTENT_TYPE, true);
  for (const name of ['plain_created', 'seconds_created'])
    new client.Gauge({ name, help: 'x', registers: [shared] }).set(7);
  const created = (await page('openmetrics')).toString().match(/^\w+_created[ {].*$/gm)!;
  assert.deepEqual(created, [
    `sizes_created{route="/\\""} ${START}`,
    `traced_created{route="/\\""} ${START}`,
    'plain_created 7',
    'seconds_created 7',
  ]);
});

test('in OpenMetrics a counter without _total, whose type is unknown, has no exemplar', async (t) => {
  const { shared } = twinRegistries(t, OPENMETRICS_CONTENT_TYPE);
  const config = { name: 'requests', help: 'x', registers: [shared], enableExemplars: true };
  new client.Counter(config as never).inc({ exemplarLabels: { trace_id: 'a' } } as never);
  const page = (await sharedRegistry(shared)!.page({ syntax: 'openmetrics', addsTotal: false }))!.toString();
  assert.equal(page, '# HELP requests x\n# TYPE requests unknown\nrequests 1\n# EOF\n');
});

test('an exemplar with a label that Prometheus cannot read leaves the page readable, without this exemplar', async (t) => {
  const { shared } = twinRegistries(t, OPENMETRICS_CONTENT_TYPE);
  const config = { help: 'x', registers: [shared], enableExemplars: true };
  for (const [name, label, value] of [
    ['a_total', 'trace.id', 'x'],
    ['b_total', 'trace_id', 'x'],
    ['c_total', 'trace_id', 'x\0'],
  ])
    new client.Counter({ ...config, name } as never).inc({ exemplarLabels: { [label!]: value } } as never);
  const page = async (syntax: Syntax) => (await sharedRegistry(shared)!.page({ syntax, addsTotal: false }))!;
  const text = (await page('openmetrics')).toString();
  assert.deepEqual(text.match(/^\w.*/gm), [
    'a_total 1',
    text.match(/^b_total 1 # \{trace_id="x"\} 1 .*/m)![0],
    'c_total 1',
  ]);
  const exemplars = decodePage((await page('protobuf')) as Buffer).map(
    ({ metric }) => metric[0]!.counter!.exemplar,
  );
  assert.deepEqual(
    exemplars.map((one) => one?.label),
    [undefined, [{ name: 'trace_id', value: 'x' }], undefined],
  );
});
