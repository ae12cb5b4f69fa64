/** Which child `labels()` returns when it is called for each count, and in which series that child counts. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as prometheusIo from '@prometheus-io/client';
import client from 'prom-client';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { shareIn } from '../../test/support/twin-registries.ts';

type Prom = typeof client;
type Values = (string | number)[];
/** A metric of any kind, whose arguments TypeScript does not check. */
interface Metric {
  labels(...args: unknown[]): Record<'count', () => void>;
  remove(...args: unknown[]): void;
  reset(): void;
}

const CLIENTS = Object.entries({
  'prom-client': client,
  '@prometheus-io/client': prometheusIo as unknown as Prom,
});
const NAMES = ['method', 'route', 'status'];

/** One metric for each kind whose children are kept, and the methods of a child that count. */
const KINDS: Record<string, [make: (prom: Prom, config: never) => object, method: string, value?: number]> = {
  counter: [(prom, config) => new prom.Counter(config), 'inc'],
  histogram: [(prom, config) => new prom.Histogram(config), 'observe', 0.3],
  'gauge set': [(prom, config) => new prom.Gauge(config), 'set', 0.3],
  'gauge inc': [(prom, config) => new prom.Gauge(config), 'inc'],
  'gauge dec': [(prom, config) => new prom.Gauge(config), 'dec', 2],
};

function metricOf(prom: Prom, kind: string, register: client.Registry, labelNames: string[]): Metric {
  const [make, method, value] = KINDS[kind]!;
  const config = { name: 'x_total', help: 'x', labelNames, registers: [register] };
  const metric = make(prom, config as never) as Metric;
  const { labels } = metric;
  const counted = (...args: unknown[]) => {
    const child = labels.apply(metric, args) as unknown as Record<string, (value?: number) => void>;
    return { child, count: () => child[method]!(value) };
  };
  return { labels: counted, remove: (...args) => metric.remove(...args), reset: () => metric.reset() };
}

/** Runs `act` with a metric of a shared and of a plain registry: both must show the same. */
async function showsSame(
  t: TestContext,
  prom: Prom,
  kind: string,
  act: (metric: Metric) => void,
  labelNames = NAMES,
): Promise<string> {
  const [shared, plain] = [new prom.Registry(), new prom.Registry()];
  shareIn(temporaryDirectory(t), shared);
  for (const register of [shared, plain]) act(metricOf(prom, kind, register, labelNames));
  const [text, whole] = await Promise.all([shared.metrics(), plain.metrics()]);
  // prom-client shows a label without a value, with the text of undefined.
  const expected = whole.replaceAll(',status="undefined"', '');
  assert.deepEqual(text.split('\n').toSorted(), expected.split('\n').toSorted());
  return text;
}

/** The child itself, without the wrapper of these tests. */
function childOf(metric: Metric, ...args: unknown[]): object {
  return (metric.labels(...args) as unknown as { child: object }).child;
}

function sharedMetric(t: TestContext, prom: Prom, kind: string, labelNames = NAMES): Metric {
  const register = new prom.Registry();
  shareIn(temporaryDirectory(t), register);
  return metricOf(prom, kind, register, labelNames);
}

function errorOf(act: () => void): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return String(error);
  }
}

const GET: Values = ['GET', '/', '200'];
const object = ([method, route, status]: readonly unknown[]) => ({ method, route, status });

for (const [name, prom] of CLIENTS) {
  for (const kind of Object.keys(KINDS)) {
    const title = `${name}, ${kind}`;

    test(`${title}: labels() of a known series returns one child, for values and for objects`, (t) => {
      const metric = sharedMetric(t, prom, kind);
      metric.labels(...GET).count();
      const child = childOf(metric, ...GET);
      assert.equal(childOf(metric, ...GET), child);
      assert.equal(childOf(metric, object(GET)), child);
      assert.equal(childOf(metric, { status: '200', route: '/', method: 'GET' }), child);
      assert.notEqual(childOf(metric, 'GET', '/', '201'), child);
    });

    test(`${title}: labels() finds series of any number of labels`, async (t) => {
      for (let count = 0; count <= 7; count++) {
        const names = Array.from({ length: count }, (_, i) => `l${i}`);
        await showsSame(
          t,
          prom,
          kind,
          (metric) => {
            for (let round = 0; round < 3; round++) {
              metric.labels(...names).count();
              for (const other of names)
                metric.labels(...names.map((one) => (one === other ? 'x' : one))).count();
            }
          },
          names,
        );
      }
    });

    test(`${title}: a child that outlives remove() or reset() creates its series again`, async (t) => {
      for (const drop of ['remove', 'reset'] as const) {
        const text = await showsSame(t, prom, kind, (metric) => {
          const early = metric.labels(...GET);
          for (let round = 0; round < 2; round++) {
            metric.labels(...GET).count();
            const kept = metric.labels(...GET);
            metric.labels('GET', '/other', '200').count();
            if (drop === 'remove') metric.remove(...GET);
            else metric.reset();
            // The cells of the dropped series may belong to this one now.
            metric.labels('GET', `/next/${round}`, '200').count();
            for (const child of [kept, early, metric.labels(...GET), kept]) child.count();
          }
        });
        assert.match(text, /method="GET",route="\/",status="200"\} (?:4|0\.3|-8)$/m);
      }
    });

    test(`${title}: a removed series is not shown until it is counted again, also through a child that was kept`, async (t) => {
      const text = await showsSame(t, prom, kind, (metric) => {
        metric.labels(...GET).count();
        metric.labels(...GET);
        metric.remove(object(GET));
        metric.labels(...GET);
      });
      assert.doesNotMatch(text, /GET/);
    });

    test(`${title}: wrong label names and a wrong number of values are rejected with the client's error`, (t) => {
      const [shared, plain] = [sharedMetric(t, prom, kind), metricOf(prom, kind, new prom.Registry(), NAMES)];
      for (const metric of [shared, plain]) for (let i = 0; i < 3; i++) metric.labels(...GET).count();
      for (const args of [
        [],
        ['GET'],
        ['GET', '/'],
        [...GET, undefined],
        [...GET, '200'],
        [{ ...object(GET), other: 'x' }],
        [{ other: 'x' }],
        ['GET', '/', Symbol('s')],
        ['GET', '/', Object.create(null)],
      ]) {
        const outcomes = [shared, plain].map((metric) => errorOf(() => metric.labels(...args).count()));
        assert.notEqual(outcomes[1], 'none');
        assert.equal(outcomes[0], outcomes[1]);
      }
    });

    test(`${title}: label values of any type count in the series with the same text`, async (t) => {
      const statuses = [200, '200', 1.5, '1.5', true, 'true', 5n, '5', undefined, -0, '0', ['a', 'b'], 'a,b'];
      // @prometheus-io/client, the only one with a WorkerRegistry, does not distinguish null, '' and undefined.
      if (!('WorkerRegistry' in prom)) statuses.push(null as never, 'null', '');
      await showsSame(t, prom, kind, (metric) => {
        for (let round = 0; round < 3; round++) {
          for (const status of statuses) {
            metric.labels('GET', '/', status).count();
            metric.labels(object(['GET', '/', status])).count();
          }
        }
      });
    });

    test(`${title}: changing a labels object after labels() does not change where the known child counts`, async (t) => {
      const metric = sharedMetric(t, prom, kind);
      const labels = object(GET);
      metric.labels(labels).count();
      const child = childOf(metric, labels);
      labels.status = '500';
      assert.equal(childOf(metric, ...GET), child);
      assert.notEqual(childOf(metric, labels), child);
    });

    test(`${title}: a method of a child can be called without the child`, async (t) => {
      const [, method, value] = KINDS[kind]!;
      const metric = sharedMetric(t, prom, kind);
      for (let i = 0; i < 2; i++) {
        const { [method]: count } = childOf(metric, ...GET) as Record<string, (value?: number) => void>;
        count!(value);
      }
    });

    test(`${title}: a removed series does not keep its child in memory`, async (t) => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const metric = sharedMetric(t, prom, kind);
      const children = [1, 2, 3].map((status) => {
        metric.labels('GET', '/', status).count();
        return new WeakRef(childOf(metric, 'GET', '/', status));
      });
      // A WeakRef keeps its object until the end of the current job.
      await new Promise(setImmediate);
      collect();
      assert.ok(
        children.every((child) => child.deref() !== undefined),
        'known series have their child',
      );
      metric.remove('GET', '/', 1);
      await new Promise(setImmediate);
      collect();
      assert.deepEqual(
        children.map((child) => child.deref() === undefined),
        [true, false, false],
      );
      metric.reset();
      await new Promise(setImmediate);
      collect();
      assert.ok(children.every((child) => child.deref() === undefined));
    });
  }

  test(`${name}: after the application has replaced a method, labels() returns children that call the new one`, (t) => {
    const register = new prom.Registry();
    shareIn(temporaryDirectory(t), register);
    const config = { help: 'x', labelNames: ['x'] as const, registers: [register] };
    const metrics = [
      new prom.Counter({ ...config, name: 'a_total' }),
      new prom.Gauge({ ...config, name: 'b' }),
    ] as const;
    for (const metric of metrics) {
      metric.labels('1').inc();
      const before = metric.labels('1');
      const calls: unknown[][] = [];
      const { inc } = metric;
      metric.inc = (...args: unknown[]) => void calls.push(args);
      metric.labels('1').inc(2);
      before.inc();
      assert.deepEqual(calls, [[{ x: '1' }, 2]]);
      metric.inc = inc;
      assert.equal(metric.labels('1'), before);
    }
  });
}

for (const [name, prom] of CLIENTS) {
  test(`${name}: the timers and setToCurrentTime() of known children write to their series`, async (t) => {
    const register = new prom.Registry();
    shareIn(temporaryDirectory(t), register);
    const config = { help: 'x', labelNames: ['x', 'y'] as const, registers: [register] };
    const histogram = new prom.Histogram({ ...config, name: 'a', buckets: [] });
    const [timed, current] = ['b', 'c'].map((name) => new prom.Gauge({ ...config, name })) as [
      client.Gauge,
      client.Gauge,
    ];
    for (let round = 0; round < 3; round++) {
      histogram.labels({ x: '1' }).startTimer()({ y: '2' });
      timed.labels({ x: '1' }).startTimer()({ y: '2' });
      histogram.labels('1', '2').startTimer()();
      current.labels('1', '2').setToCurrentTime();
      // Makes the first series known.
      histogram.observe({ x: '1' }, 1);
      timed.set({ x: '1' }, 1);
    }
    const text = await register.metrics();
    assert.match(text, /^a_count\{x="1",y="2"\} 6$/m);
    assert.match(text, /^a_count\{x="1"\} 3$/m);
    assert.match(text, /^b\{x="1"\} 1$/m);
    assert.match(text, /^b\{x="1",y="2"\} \d/m);
    assert.match(text, /^c\{x="1",y="2"\} 1\d{9}/m);
  });
}
