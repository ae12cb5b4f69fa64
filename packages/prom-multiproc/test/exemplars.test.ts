/** Exemplars of shared metrics are those of prom-client: as text, as JSON, in errors. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { TextReader } from './support/directory-text.ts';
import { samples } from './support/sample.ts';
import { shareIn, type Twins, twinRegistries } from './support/twin-registries.ts';

const OPEN_METRICS = client.Registry.OPENMETRICS_CONTENT_TYPE;

interface Traced {
  inc(options?: unknown): void;
  observe(options?: unknown): void;
  reset(): void;
  remove(labels: object): void;
  zero(labels: object): void;
  labels(...values: string[]): { inc(value?: number): void; observe(value: number): void };
  startTimer(labels: object, exemplarLabels: object): (labels?: object, exemplarLabels?: object) => number;
}

interface Metrics {
  readonly counter: Traced;
  readonly histogram: Traced;
  readonly plain: Traced;
}

function metricsIn(register: client.Registry, prom = client): Metrics {
  const config = { help: 'x', enableExemplars: true, registers: [register] };
  const labelNames = ['route', 'status'];
  return {
    counter: new prom.Counter({ ...config, name: 'a_total', labelNames } as never) as never,
    histogram: new prom.Histogram({ ...config, name: 'b', labelNames, buckets: [1, 2] } as never) as never,
    plain: new prom.Counter({ ...config, name: 'c_total' } as never) as never,
  };
}

/** Twin registries with the same metrics, at a fixed time of the system. `at` sets it. */
function traced(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_123 });
  const twins = twinRegistries(t, OPEN_METRICS);
  const of = new Map<client.Registry, Metrics>();
  twins.both((register) => of.set(register, metricsIn(register)));
  return {
    ...twins,
    at: (ms: number) => t.mock.timers.setTime(1_700_000_000_123 + ms),
    both: (act: (metrics: Metrics) => void) => twins.both((register) => act(of.get(register)!)),
  };
}

async function expectSame({ shared, plain }: Pick<Twins, 'shared' | 'plain'>): Promise<string> {
  const text = await plain.metrics();
  assert.equal(await shared.metrics(), text);
  const json = (register: client.Registry) => register.getMetricsAsJSON().then(valuesOf);
  assert.deepEqual(await json(shared), await json(plain));
  for (const metric of shared.getMetricsAsArray()) {
    const own = await plain.getSingleMetric(metric.name)!.get();
    const ofShared = await (metric as unknown as client.Counter).get();
    assert.deepEqual(valuesOf([ofShared]), valuesOf([own]));
  }
  return text;
}

/** Label values become texts in a slot. */
function valuesOf(metrics: readonly unknown[]): unknown {
  const texts = (key: string, value: Record<string, unknown>) =>
    key === 'labelSet'
      ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, `${text}`]))
      : value;
  return JSON.parse(JSON.stringify(metrics), texts).map(({ values }: { values: unknown }) => values);
}

const GET = { route: '/', status: '200' };

test('exemplars are shown as prom-client shows them, one for each counter series and bucket', async (t) => {
  const twins = traced(t);
  twins.both(({ counter, histogram, plain }) => {
    counter.inc({ labels: GET, value: 2, exemplarLabels: { trace_id: 'abc', span_id: '1' } });
    counter.inc({ labels: { route: '/b' }, exemplarLabels: { trace_id: 'def' } });
    counter.inc({ labels: { route: '/without' } });
    plain.inc({ exemplarLabels: {} });
    for (const value of [0.5, 1.5, 7]) {
      histogram.observe({ labels: GET, value, exemplarLabels: { trace_id: `of ${value}` } });
    }
    histogram.observe({ labels: { route: '/b' }, value: 1 });
    histogram.observe({ labels: { route: '/b' }, value: 1, exemplarLabels: {} });
  });
  const text = await expectSame(twins);
  assert.deepEqual(samples(text, 'b_bucket{le="+Inf",route="/"'), [
    'b_bucket{le="+Inf",route="/",status="200"} 3 # {trace_id="of 7"} 7 1700000000.123',
  ]);
});

test('the last exemplar is shown; a count without one keeps it', async (t) => {
  const twins = traced(t);
  for (const [ms, trace_id] of [
    [0, 'first'],
    [1, 'second'],
    // Two in one millisecond.
    [1, 'third'],
    [1, 'fourth'],
  ] as const) {
    twins.at(ms);
    twins.both(({ counter, histogram }) => {
      counter.inc({ labels: GET, exemplarLabels: { trace_id } });
      histogram.observe({ labels: GET, value: 1, exemplarLabels: { trace_id } });
    });
  }
  twins.both(({ counter, histogram }) => {
    counter.inc({ labels: GET });
    histogram.observe({ labels: GET, value: 1 });
  });
  assert.match(await expectSame(twins), /a_total\{.*\} 5 # \{trace_id="fourth"\} 1 1700000000.124/);
});

test('unusual calls have the effects that they have in prom-client', async (t) => {
  const twins = traced(t);
  twins.both(({ counter, histogram, plain }) => {
    plain.inc();
    plain.inc(5);
    plain.inc('x');
    plain.inc({ value: 0, exemplarLabels: { trace_id: 'zero' } });
    counter.inc({ labels: GET, value: 1.5, exemplarLabels: { a: 1, b: true, c: null } });
    counter.inc({ labels: { route: '"\\\n', status: 'ü' }, exemplarLabels: { q: '"\\\n', u: '日本 🎉' } });
    // Once stored at once and once, in the same millisecond, later.
    for (const one of ['1', '2']) {
      const exemplarLabels = Object.assign(Object.create({ inherited: 'x'.repeat(128) }), { own: one });
      counter.inc({ labels: { route: 'inherited' }, exemplarLabels });
      histogram.observe({ labels: { route: 'inherited' }, value: 1, exemplarLabels });
    }
    counter.labels('/', '200').inc(3);
    histogram.labels('/', '200').observe(3);
    histogram.startTimer(GET, { trace_id: 'timer' });
    histogram.observe({ labels: { route: 'no status' }, value: -1, exemplarLabels: { trace_id: 'below' } });
    histogram.observe({ labels: undefined, value: 2, exemplarLabels: { a: 'x'.repeat(127) } });
  });
  await expectSame(twins);
});

test('a series has exemplars, whatever its label values', async (t) => {
  const { shared, plain, both } = traced(t);
  // startTimer() takes half a second.
  t.mock.method(process, 'hrtime', () => [0, 5e8]);
  const values = [undefined, 10n, ['x', 1], { toString: () => 'one' }, 'a\ud83d', null, 0, ''];
  for (const trace_id of ['first', 'second']) {
    both(({ counter, histogram }) => {
      for (const [i, status] of values.entries()) {
        const labels = { route: `/${i}`, status };
        counter.inc({ labels, exemplarLabels: { trace_id } });
        histogram.observe({ labels, value: 1.5, exemplarLabels: { trace_id } });
        histogram.startTimer(labels, { trace_id })();
      }
    });
  }
  const text = await shared.metrics();
  assert.equal(text, (await plain.metrics()).replaceAll(',status="undefined"', '').toWellFormed());
  assert.equal(text.match(/trace_id="second"/g)!.length, values.length * 3);
});

test('wrong arguments throw the errors of prom-client, and change nothing else than there', async (t) => {
  const twins = traced(t);
  const calls: ((metrics: Metrics) => void)[] = [
    ({ counter }) => counter.inc({ labels: GET, exemplarLabels: { a: 'x'.repeat(128) } }),
    ({ counter }) => counter.inc({ labels: GET, exemplarLabels: { ab: '日'.repeat(127) } }),
    ({ counter }) => counter.inc({ labels: GET, exemplarLabels: null }),
    ({ counter }) => counter.inc({ labels: GET, value: -1, exemplarLabels: { a: 'b' } }),
    ({ counter }) => counter.inc({ labels: GET, value: Infinity, exemplarLabels: { a: 'b' } }),
    ({ counter }) => counter.inc({ labels: { nosuch: '1' }, exemplarLabels: { a: 'b' } }),
    ({ counter }) => counter.inc(null),
    ({ histogram }) => histogram.observe({ labels: GET, value: 1, exemplarLabels: { a: 'x'.repeat(128) } }),
    ({ histogram }) => histogram.observe({ labels: GET, value: 1, exemplarLabels: null }),
    ({ histogram }) => histogram.observe({ labels: GET, value: Number.NaN, exemplarLabels: { a: 'b' } }),
    ({ histogram }) => histogram.observe({ labels: GET, exemplarLabels: { a: 'b' } }),
    ({ histogram }) => histogram.observe({ labels: { nosuch: '1' }, value: 1, exemplarLabels: { a: 'b' } }),
    ({ histogram }) => histogram.observe(null),
    ({ histogram }) => histogram.observe(1),
  ];
  twins.both(({ counter, histogram }) => {
    counter.inc({ labels: GET, exemplarLabels: { trace_id: 'good' } });
    histogram.observe({ labels: GET, value: 1, exemplarLabels: { trace_id: 'good' } });
  });
  for (const call of calls) {
    const errors: string[] = [];
    twins.both((metrics) => {
      try {
        call(metrics);
        errors.push('none');
      } catch (error) {
        errors.push(String(error));
      }
    });
    assert.equal(errors[0], errors[1], String(call));
  }
  assert.match(await expectSame(twins), /trace_id="good"/);
});

test('reset(), remove() and zero() drop exemplars, and later ones are shown', async (t) => {
  const twins = traced(t);
  const count = (trace_id: string) =>
    twins.both(({ counter, histogram, plain }) => {
      for (const labels of [GET, { route: '/b' }]) {
        counter.inc({ labels, exemplarLabels: { trace_id } });
        histogram.observe({ labels, value: 1, exemplarLabels: { trace_id } });
      }
      plain.inc({ exemplarLabels: { trace_id } });
    });
  count('first');
  twins.both(({ counter, histogram, plain }) => {
    counter.remove({ route: '/b' });
    histogram.remove({ route: '/b' });
    histogram.zero(GET);
    plain.reset();
  });
  await expectSame(twins);
  twins.both(({ counter }) => counter.inc({ labels: { route: '/b' } }));
  const text = await expectSame(twins);
  assert.deepEqual(samples(text, 'a_total{route="/b"}'), ['a_total{route="/b"} 1']);
  count('second');
  await expectSame(twins);
  twins.both(({ counter, histogram }) => {
    counter.reset();
    histogram.reset();
  });
  count('third');
  await expectSame(twins);
});

test('exemplars stored before share() are kept, and default labels set later do not drop them', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const { plain, directory } = twinRegistries(t, OPEN_METRICS);
  const shared = new client.Registry();
  shared.setContentType(OPEN_METRICS as never);
  for (const register of [plain, shared]) {
    const { counter, histogram } = metricsIn(register);
    counter.inc({ labels: GET, exemplarLabels: { trace_id: 'early' } });
    histogram.observe({ labels: GET, value: 1, exemplarLabels: { trace_id: 'early' } });
    histogram.observe({ labels: GET, value: 9, exemplarLabels: { trace_id: 'early, +Inf' } });
    if (register === shared) shareIn(directory, shared);
    counter.inc({ labels: { route: '/late' }, exemplarLabels: { trace_id: 'late' } });
  }
  await expectSame({ shared, plain });
  for (const register of [plain, shared]) register.setDefaultLabels({ app: 'one' });
  const [own, expected] = [await shared.metrics(), await plain.metrics()];
  assert.equal(own, expected);
  assert.match(own, /trace_id="early, \+Inf"/);
});

test('a subclass that replaces methods of a client class stores exemplars', async (t) => {
  const { shared, plain } = twinRegistries(t, OPEN_METRICS);
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  class Tracing extends client.Counter {
    override inc(options?: unknown): void {
      (
        client.Counter.prototype as unknown as { incWithExemplar(options: unknown): void }
      ).incWithExemplar.call(this, options);
    }
  }
  class Own extends client.Histogram {
    updateExemplar(labels: object, value: number): void {
      const base = client.Histogram.prototype as unknown as { updateExemplar(...args: unknown[]): void };
      base.updateExemplar.call(this, labels, value, { trace_id: 'own' });
    }
  }
  for (const register of [shared, plain]) {
    const config = { help: 'x', labelNames: ['route'], enableExemplars: true, registers: [register] };
    const counter = new Tracing({ ...config, name: 'a_total' } as never);
    const histogram = new Own({ ...config, name: 'b', buckets: [1] } as never) as unknown as Traced;
    for (const route of ['/', '/', '/b']) {
      counter.inc({ labels: { route }, exemplarLabels: { trace_id: route } });
      for (const value of [1, 3]) histogram.observe({ labels: { route }, value });
    }
  }
  assert.match(await expectSame({ shared, plain }), /trace_id="own"/);
});

test('other processes see the first exemplar of a millisecond at once and the last at the next refresh', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const { shared, directory } = twinRegistries(t, OPEN_METRICS);
  const { counter } = metricsIn(shared);
  const reader = new TextReader(t, directory);
  const shown = () => reader.exemplars().get('a_total{route="/",status="200"}');
  for (const trace_id of ['1', '2', '3']) counter.inc({ labels: GET, exemplarLabels: { trace_id } });
  assert.equal(shown(), '{trace_id="1"} 1 1700000000');
  await shared.metrics();
  assert.equal(shown(), '{trace_id="3"} 1 1700000000');
});

test('an exemplar keeps its labels when the application changes its object, which stops no scrape', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const { shared } = twinRegistries(t, OPEN_METRICS);
  const { counter } = metricsIn(shared);
  const exemplarLabels = { trace_id: '1' };
  // The second one in a millisecond is stored later.
  for (const trace_id of ['1', '2']) {
    exemplarLabels.trace_id = trace_id;
    counter.inc({ labels: GET, exemplarLabels });
  }
  exemplarLabels.trace_id = 'x'.repeat(200);
  assert.match(await shared.metrics(), /trace_id="2"/);
});
