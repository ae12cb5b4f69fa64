/** What `metricsHandler()` answers to a scraper that prefers OpenMetrics. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { DirectoryPages } from '../src/directory-pages.ts';
import { metricsHandler, type ShareOptions, share } from '../src/index.ts';
import { totalsPage, workerPage } from '../src/page-handler.ts';
import { keepPlain } from '../src/process/unsupported-platform.ts';
import { parseOpenMetrics } from './support/parse-openmetrics.ts';
import { decodePage } from './support/protobuf-text.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const TEXT = client.Registry.PROMETHEUS_CONTENT_TYPE;
const OPEN_METRICS = client.Registry.OPENMETRICS_CONTENT_TYPE;

interface Answer {
  readonly type: string | null;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** The answer of a handler of these registries to Prometheus. */
async function scrape(
  t: TestContext,
  [register, ...others]: readonly client.Registry[],
  path = '',
  accept = ACCEPT,
): Promise<Answer> {
  const server = createServer(metricsHandler(register, ...others)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { Accept: accept, Connection: 'close' };
  const answer = await fetch(`http://127.0.0.1:${port}/metrics${path}`, { headers });
  const bytes = await answer.bytes();
  return { type: answer.headers.get('content-type'), text: Buffer.from(bytes).toString(), bytes };
}

function registry(contentType: string = OPEN_METRICS): client.Registry {
  const register = new client.Registry();
  register.setContentType(contentType as never);
  return register;
}

function traced(register: client.Registry, name = 'traced_total'): client.Registry {
  // The constructor refuses registries whose content type is text.
  const counter = new client.Counter({ name, help: 'T', enableExemplars: true, registers: [] });
  register.registerMetric(counter);
  counter.inc({ exemplarLabels: { trace_id: 'abc' } } as never);
  return register;
}

/** Shares registries until the end of the test. */
function shareAll(t: TestContext, all: readonly (readonly [client.Registry, ShareOptions])[]): string {
  const directory = temporaryDirectory(t);
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  t.after(() => delete process.env.PROMETHEUS_MULTIPROC_DIR);
  for (const [register, options] of all) share(register, { selfMetrics: false, ...options });
  return directory;
}

test('a registry without metrics does not make the page unreadable', async (t) => {
  const empty = registry();
  shareIn(temporaryDirectory(t), empty);
  const text = registry(TEXT);
  const pages = [
    [empty],
    [registry()],
    [empty, registry()],
    [empty, traced(registry()), registry(), traced(registry(), 'b_total')],
    [traced(registry()), registry()],
    [text, traced(registry(TEXT)), text],
  ];
  const answers = await Promise.all(pages.map((registries) => scrape(t, registries)));
  for (const { type } of answers) assert.equal(type, OPEN_METRICS);
  assert.deepEqual(
    parseOpenMetrics(answers.map((answer) => answer.text)).map((parsed) =>
      typeof parsed === 'string' ? parsed : parsed.map(({ name }) => name),
    ),
    [[], [], [], ['traced', 'b'], ['traced'], ['traced']],
  );
});

test('the page of a worker shows the metrics, exemplars and start times of the registry, as the totals do', async (t) => {
  const [admin, inner, unnamed, text] = [registry(), registry(), registry(), registry(TEXT)];
  shareAll(t, [
    [admin, { name: 'admin', includeCreatedTimestamps: true }],
    [inner, { name: 'inner' }],
    [unnamed, {}],
    [text, { name: 'text' }],
  ]);
  traced(admin, 'admin_total');
  traced(inner, 'inner_total');
  traced(unnamed, 'unnamed_total');
  traced(text, 'text_total');
  const merged = client.Registry.merge([admin, inner]);
  for (const [register, names] of [
    [admin, ['admin']],
    [unnamed, ['unnamed']],
    [text, ['text']],
    [merged, ['admin', 'inner']],
  ] as const) {
    const worker = await scrape(t, [register], '/workers/0');
    assert.deepEqual(worker, await scrape(t, [register]), names.join());
    assert.equal(worker.type, OPEN_METRICS);
    const shown = worker.text.matchAll(/^(\w+)_total 1 # \{trace_id="abc"\}/gm);
    assert.deepEqual(
      Array.from(shown, ([, name]) => name),
      names,
    );
    assert.equal(worker.text.match(/_created /g)?.length, names.length);
  }
});

test('the command offers OpenMetrics for a directory with exemplars', (t) => {
  const register = registry();
  const directory = shareAll(t, [[register, { name: 'admin' }]]);
  traced(register);
  for (const [name, isOpen] of [
    ['admin', true],
    ['other', false],
  ] as const) {
    const pages = new DirectoryPages(directory, { name });
    for (const page of [totalsPage(pages, ACCEPT), workerPage(pages, 0, ACCEPT)]) {
      assert.equal(page.contentType === OPEN_METRICS, isOpen);
      assert.equal(/^traced_total 1 # \{trace_id="abc"\}/m.test(`${page.body}`), isOpen);
    }
    pages.close();
  }
});

test('OpenMetrics is offered for the exemplars and start times of the registries on the page, and for no others', async (t) => {
  const [jobs, unnamed, named, replaced] = [registry(TEXT), registry(TEXT), registry(TEXT), registry(TEXT)];
  shareAll(t, [
    [jobs, { name: 'jobs' }],
    [unnamed, {}],
    [named, { name: 'traced' }],
    [replaced, { name: 'replaced' }],
  ]);
  for (const register of [unnamed, named, replaced]) traced(register);
  new client.Counter({ name: 'jobs', help: 'J', registers: [jobs] }).inc();
  const { metrics } = replaced;
  replaced.metrics = async () => `${await metrics()}own 1\n`;
  // This one shows the metrics of the name, which only another registry has created.
  const late = registry(TEXT);
  share(late, { name: 'traced', selfMetrics: false });
  for (const [registries, type] of [
    [[jobs], TEXT],
    [[replaced], TEXT],
    [[named], OPEN_METRICS],
    [[late], OPEN_METRICS],
    [[jobs, named], OPEN_METRICS],
  ] as const) {
    assert.equal((await scrape(t, registries)).type, type, JSON.stringify([registries.length, type]));
  }
  assert.match((await scrape(t, [jobs])).text, /^# TYPE jobs counter$/m);
  share(jobs, { includeCreatedTimestamps: true });
  assert.equal((await scrape(t, [jobs])).type, OPEN_METRICS);
  share(jobs, { includeCreatedTimestamps: false });
});

test('exemplars of registries that are not shared are in OpenMetrics and protobuf, and not in text', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_123 });
  const [plain, kept, shared] = [registry(TEXT), registry(TEXT), registry(TEXT)];
  let collected = 0;
  for (const [register, of] of [
    [plain, 'plain'],
    [kept, 'kept'],
  ] as const) {
    const config = { help: 'h "1"', enableExemplars: true, labelNames: ['x'], registers: [] };
    const counter = new client.Counter({ ...config, name: `${of}_total`, collect: () => void collected++ });
    const jobs = new client.Counter({ ...config, name: `${of}_jobs` });
    const seconds = new client.Histogram({ ...config, name: `${of}_seconds`, buckets: [1] });
    for (const metric of [counter, jobs, seconds]) register.registerMetric(metric as never);
    for (const value of [0.5, 3]) {
      seconds.observe({ labels: { x: '\n' }, value, exemplarLabels: { of: `${value} "\n # {` } } as never);
    }
    for (const one of [counter, jobs]) one.inc({ labels: { x: ' # {' }, exemplarLabels: { of } } as never);
    // No parser accepts such a name.
    counter.inc({ labels: { x: 'wrong' }, exemplarLabels: { 'a-b': '1' } } as never);
    const changed: Record<string, string> = { of };
    counter.inc({ labels: { x: 'too long' }, exemplarLabels: changed } as never);
    changed.of = '1'.repeat(128);
  }
  keepPlain(kept, new Error('kept plain by this test'), {});
  shareAll(t, [[shared, {}]]);
  const exemplars = (of: string) => [
    [`${of}_total`, { x: ' # {' }, '1.0', [{ of }, 1, 1_700_000_000.123]],
    [`${of}_seconds_bucket`, { le: '1', x: '\n' }, '1.0', [{ of: '0.5 "\n # {' }, 0.5, 1_700_000_000.123]],
    [`${of}_seconds_bucket`, { le: '+Inf', x: '\n' }, '2.0', [{ of: '3 "\n # {' }, 3, 1_700_000_000.123]],
  ];
  const shown = [
    ['plain', [plain]],
    ['plain', [shared, plain]],
    ['kept', [kept]],
  ] as const;
  const pages: string[] = [];
  for (const [of, registries] of shown) {
    const text = await scrape(t, registries, '', TEXT);
    assert.equal(text.text, (await Promise.all(registries.map((one) => one.metrics()))).join(''));
    const before = collected;
    const answer = await scrape(t, registries);
    assert.equal(collected, before + 1, 'collect() runs once in a scrape');
    assert.equal(answer.type, OPEN_METRICS);
    pages.push(answer.text);
    const message = decodePage((await scrape(t, registries, '', PROTOBUF)).bytes);
    assert.deepEqual(
      message.flatMap(({ metric }) =>
        metric.flatMap(({ counter, histogram }) =>
          [counter, ...(histogram?.bucket ?? [])].flatMap((one) => one?.exemplar?.label[0]?.value ?? []),
        ),
      ),
      [of, of, '0.5 "\n # {', '3 "\n # {'],
    );
  }
  for (const [i, families] of parseOpenMetrics(pages).entries()) {
    assert.ok(typeof families !== 'string', families as string);
    const samples = families.flatMap((family) => family.samples);
    assert.deepEqual(
      samples.filter(([, , , exemplar]) => exemplar !== null),
      exemplars(shown[i]![0]),
    );
  }
});

test('exemplars are shown while PROMETHEUS_MULTIPROC_DIR is unset', async (t) => {
  const register = registry(TEXT);
  share(register);
  const { type, text } = await scrape(t, [traced(register)]);
  assert.equal(type, OPEN_METRICS);
  assert.match(text, /^traced_total 1 # \{trace_id="abc"\} 1 /m);
});
