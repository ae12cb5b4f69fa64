/** `metricsHandler()` shows all that it shows as text in each format that a scraper may ask for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import client from 'prom-client';
import { metricsHandler } from '../src/index.ts';
import { decodePage, textOfPage } from './support/protobuf-text.ts';
import { sample } from './support/sample.ts';
import { shareCounter } from './support/shared-counter.ts';
import type { Cleanup } from './support/temporary-directory.ts';

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0';
const TEXT = 'text/plain;version=0.0.4';

async function serve(t: Cleanup, handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return async (accept: string, path = '', encoding = 'identity') => {
    const answer = await fetch(url + path, { headers: { Accept: accept, 'Accept-Encoding': encoding } });
    return { type: answer.headers.get('content-type')!, headers: answer.headers, body: await answer.bytes() };
  };
}

const textOf = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString();

/** A page without the series whose values differ between two scrapes. */
const lasting = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !/^prom_multiproc_(?:merge|heartbeat_age)_seconds /.test(line));

/** A registry that is not shared, with each type, labels, timestamps of its own and objects that are not prom-client metrics. */
function plainRegistry(contentType: string): client.Registry {
  const register = new client.Registry();
  register.setContentType(contentType as never);
  const registers = [register];
  const labelNames = ['x'];
  new client.Counter({ name: 'p_total', help: 'back\\slash\n"quotes"', labelNames, registers }).inc({
    x: '\\n"\n',
  });
  new client.Counter({ name: 'unused_total', help: 'never counted', labelNames, registers });
  const gauge = new client.Gauge({ name: 'p_gauge', help: 'Gauge', labelNames, registers });
  for (const value of [Number.NaN, Infinity, -Infinity, -0, 1e21, 5e-324])
    gauge.set({ x: `${value}` }, value);
  new client.Histogram({ name: 'p_h', help: 'H', buckets: [0.1, 1], labelNames, registers }).observe(
    { x: '1' },
    0.5,
  );
  new client.Summary({ name: 'p_s', help: 'S', percentiles: [0.5], labelNames, registers }).observe(
    { x: '1' },
    3,
  );
  const values = [
    { value: 1.5, labels: {} },
    { value: 2, labels: { of: 'foreign', n: 1 } },
  ];
  for (const type of ['untyped', 'gauge', 'histogram']) {
    const get = async () => ({ name: `foreign_${type}`, help: 'Foreign', type, aggregator: 'sum', values });
    register.registerMetric({ name: `foreign_${type}`, help: 'Foreign', get } as never);
  }
  return register;
}

const CONTENT_TYPES = [client.Registry.PROMETHEUS_CONTENT_TYPE, client.Registry.OPENMETRICS_CONTENT_TYPE];

for (const contentType of CONTENT_TYPES) {
  const isOpen = contentType.startsWith('application');
  test(`private registries and foreign metrics are shown in protobuf and text by ${isOpen ? 'OpenMetrics' : 'text'} registries`, async (t) => {
    const { register } = shareCounter(t);
    register.setContentType(contentType as never);
    const foreign = async () => ({
      name: 'shared_foreign',
      help: 'F',
      type: 'gauge',
      values: [{ value: 7 }],
    });
    register.registerMetric({ name: 'shared_foreign', help: 'F', get: foreign } as never);
    const ask = await serve(t, metricsHandler(register, plainRegistry(contentType)));
    const [own, text, message] = [await ask('*/*'), await ask(TEXT), await ask(PROTOBUF)];
    assert.equal(own.type, contentType);
    assert.equal(text.type, client.Registry.PROMETHEUS_CONTENT_TYPE);
    const shown = textOfPage(message.body);
    const unfit = shown.replaceAll(/^# (HELP|TYPE) foreign_histogram .*\n/gm, '');
    assert.deepEqual(
      lasting(unfit).filter((line) => !line.startsWith('#')),
      lasting(textOf(text)).filter((line) => !line.startsWith('#')),
    );
    assert.deepEqual(
      lasting(textOf(own)).filter((line) => !line.startsWith('#')),
      lasting(textOf(text)).filter((line) => !line.startsWith('#')),
    );
    const types = (page: string) => [...page.matchAll(/^# TYPE .*/gm)].map(String);
    const typed = types(textOf(text)).filter((line) => !line.includes('foreign_histogram'));
    assert.deepEqual(
      types(shown).filter((line) => !line.includes('foreign_histogram')),
      typed,
    );
    assert.equal(sample(shown, 'shared_foreign'), 7);
    assert.equal(sample(shown, 'p_h_bucket{le="+Inf",x="1"}'), 1);
    assert.match(shown, /^# TYPE foreign_histogram untyped$/m);
  });
}

test('a registry that is not shared is shown in each format', async (t) => {
  const ask = await serve(t, metricsHandler(plainRegistry(CONTENT_TYPES[0]!)));
  assert.deepEqual(
    lasting(textOfPage((await ask(PROTOBUF)).body)).filter((line) => !line.includes('foreign_histogram')),
    lasting(textOf(await ask(TEXT))).filter((line) => !line.includes('foreign_histogram')),
  );
});

test('exemplars of a registry that is not shared are in protobuf, too', async (t) => {
  const register = new client.Registry();
  register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const config = { registers: [register], enableExemplars: true, help: 'E' };
  const counter = new client.Counter({ ...config, name: 'e_total' });
  const histogram = new client.Histogram({ ...config, name: 'e_seconds', buckets: [1, 2] });
  counter.inc({ exemplarLabels: { trace_id: 'a"b' }, value: 3 } as never);
  histogram.observe({ exemplarLabels: { trace_id: 'h' }, value: 1.5, labels: {} } as never);
  const ask = await serve(t, metricsHandler(register));
  const [ofCounter, ofHistogram] = decodePage((await ask(PROTOBUF)).body);
  const { value, label, timestamp } = ofCounter!.metric[0]!.counter!.exemplar!;
  assert.deepEqual([value, label], [3, [{ name: 'trace_id', value: 'a"b' }]]);
  const [, written] = /# \{.*\} 3 (\S+)$/m.exec(textOf(await ask(OPEN_METRICS)))!;
  assert.ok(Math.abs(timestamp!.seconds + timestamp!.nanos / 1e9 - Number(written)) < 1e-6);
  register.metrics = async () => '# TYPE old counter\nold_total 1 # {} 2 -5\n# EOF\n';
  const [old] = decodePage((await ask(PROTOBUF)).body);
  assert.deepEqual(old!.metric[0]!.counter, { value: 1, exemplar: { label: [], value: 2 } });
  const buckets = ofHistogram!.metric[0]!.histogram!.bucket;
  assert.deepEqual(
    buckets.map(({ exemplar }) => exemplar?.value),
    [undefined, 1.5, undefined],
  );
});

test('a registry whose own metrics() is not in a known format is answered as it is', async (t) => {
  const { register } = shareCounter(t);
  register.metrics = async () => 'a 1\nnot a sample\n';
  const ask = await serve(t, metricsHandler(register));
  const { type, body } = await ask(PROTOBUF);
  assert.equal(type, client.Registry.PROMETHEUS_CONTENT_TYPE);
  assert.equal(Buffer.from(body).toString(), 'a 1\nnot a sample\n');
  register.metrics = async () => 'a{x="1"} 1 1700000000123\n';
  const [family] = decodePage((await ask(PROTOBUF)).body);
  assert.deepEqual([family!.name, family!.type], ['a', 'UNTYPED']);
  assert.equal(family!.metric[0]!.timestampMs, 1_700_000_000_123);
});

test('one worker is shown in protobuf, with the quantiles of its summaries', async (t) => {
  const { register } = shareCounter(t);
  new client.Summary({ name: 's', help: 'S', percentiles: [0.5], registers: [register] }).observe(4);
  const ask = await serve(t, metricsHandler(register));
  const shown = textOfPage((await ask(PROTOBUF, '/workers/0')).body);
  assert.deepEqual(lasting(shown), lasting(textOf(await ask(TEXT, '/workers/0'))));
  assert.equal(sample(shown, 's{quantile="0.5"}'), 4);
});

test('the page of one worker is in the format of the registry, with the same names as the totals', async (t) => {
  const { register } = shareCounter(t);
  register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
  new client.Counter({ name: 'jobs', help: 'J', registers: [register] }).inc();
  const ask = await serve(t, metricsHandler(register));
  for (const path of ['', '/workers/0']) {
    const own = await ask('*/*', path);
    assert.equal(own.type, client.Registry.OPENMETRICS_CONTENT_TYPE);
    assert.equal(sample(textOf(own), 'jobs_total'), 1);
    assert.equal(sample(textOf(await ask(TEXT, path)), 'jobs_total'), 1);
  }
});

test('answers vary by Accept, and protobuf is gzipped like text', async (t) => {
  const { register } = shareCounter(t);
  const ask = await serve(t, metricsHandler(register));
  for (const accept of [TEXT, PROTOBUF]) {
    const { headers, body } = await ask(accept, '', 'gzip');
    assert.equal(headers.get('vary'), 'Accept, Accept-Encoding');
    assert.equal(headers.get('content-encoding'), 'gzip');
    assert.equal(sample(accept === TEXT ? textOf({ body }) : textOfPage(body), 'a_total'), 3);
  }
});
