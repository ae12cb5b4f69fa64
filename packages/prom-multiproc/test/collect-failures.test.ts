/** A scrape succeeds if a collect() hangs or throws: its metric shows its last values. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { metricsHandler, share } from '../src/index.ts';
import { bootTime } from '../src/os/boot-clock.ts';
import { processSlot } from '../src/process/process-slot.ts';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { GAUGE, openWriter } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const FAILURES = 'prom_multiproc_collect_failures_total';

/** Short, because a hanging collect() in these tests never ends. */
const LIMIT_MS = 50;

function shared(t: TestContext, collectTimeoutMs = LIMIT_MS) {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  share(register, { collectTimeoutMs });
  if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  return { directory, register, registers: [register] };
}

/** A gauge whose collect() calls `act`. */
function gauge(register: client.Registry, name: string) {
  const state = { act: (_: client.Gauge): void | Promise<void> => {}, runs: 0 };
  const metric = new client.Gauge({
    name,
    help: 'x',
    registers: [register],
    collect() {
      state.runs++;
      return state.act(this);
    },
  });
  return Object.assign(state, { metric });
}

const hang = () => new Promise<void>(() => {});

const WAYS: Record<string, (one: client.Gauge) => void | Promise<void>> = {
  throws: () => {
    throw new Error('no value');
  },
  'throws a string': () => {
    throw 'no value';
  },
  rejects: () => Promise.reject(new Error('no value')),
  hangs: hang,
  'resets, then throws': (one) => {
    one.reset();
    throw new Error('no value');
  },
  'resets, then hangs': (one) => {
    one.reset();
    return hang();
  },
};

for (const [what, act] of Object.entries(WAYS)) {
  test(`if a collect() ${what}, its metric shows the last value and the page shows all other metrics`, async (t) => {
    const { register } = shared(t);
    const bad = gauge(register, 'bad');
    const good = gauge(register, 'good');
    bad.act = (one) => one.set(5);
    let n = 0;
    good.act = (one) => one.set(++n);
    assert.equal(sample(await register.metrics(), 'bad'), 5);
    bad.act = act;
    const text = await register.metrics();
    assert.equal(sample(text, 'bad'), 5);
    assert.equal(sample(text, 'good'), n);
    const failed = () => sample(text, `${FAILURES}{metric="bad"}`)!;
    assert.ok(failed() >= 1);
    assert.equal(sample(text, `${FAILURES}{metric="good"}`), undefined);
    const json = (await register.getMetricsAsJSON()).find(({ name }) => name === 'bad')!;
    assert.deepEqual(
      json.values.map(({ value }) => value),
      [5],
    );
    assert.match(await register.getSingleMetricAsString('bad'), /^bad 5$/m);
    assert.equal(sample(await new client.AggregatorRegistry().clusterMetrics(), 'bad'), 5);
  });
}

test('a gauge shows the values of other processes while its collect() hangs in this one', async (t) => {
  const { directory, register } = shared(t);
  const bad = gauge(register, 'bad');
  bad.act = (one) => one.set(5);
  await register.metrics();
  bad.act = hang;
  assert.equal(sample(await register.metrics(), 'bad'), 5);
  const other = openWriter(directory, { now: bootTime() });
  const { array, base } = other.series({ ...GAUGE, name: 'bad', labelNames: [] }, [])!;
  array[base] = 20;
  assert.equal(sample(await register.metrics(), 'bad'), 25);
});

test('a hanging collect() is not called or awaited again until it ends; then its values are shown', async (t) => {
  const { register } = shared(t);
  const bad = gauge(register, 'bad');
  bad.act = (one) => one.set(5);
  await register.metrics();
  let finish: (() => void) | undefined;
  bad.act = async (one) => {
    await new Promise<void>((resolve) => (finish = resolve));
    one.set(6);
  };
  await register.metrics();
  const { runs } = bad;
  // A scrape does not wait for a collect() that is known to hang: it ends within a few turns of the event loop.
  let isDone = false;
  const scrape = register.metrics().then((text) => {
    isDone = true;
    return text;
  });
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  assert.ok(isDone);
  assert.equal(sample(await scrape, 'bad'), 5);
  assert.ok(
    sample(await register.metrics(), `${FAILURES}{metric="bad"}`)! >= 2,
    'each page without its value counts as a failure',
  );
  assert.equal(bad.runs, runs);
  bad.act = () => {};
  finish!();
  await until('the value 6 of the gauge `bad`', async () => sample(await register.metrics(), 'bad') === 6);
  await until('a new collect() of `bad`', async () => (await register.metrics()) && bad.runs > runs);
});

test('hanging collect() functions, including one that awaits metrics() of its own registry, delay a scrape by one time limit in all', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { register } = shared(t, 1000);
  for (let i = 0; i < 10; i++) gauge(register, `bad_${i}`).act = hang;
  gauge(register, 'recursive').act = async () => void (await register.metrics());
  gauge(register, 'good').act = (one) => one.set(1);
  const scrape = register.metrics();
  await Promise.resolve();
  t.mock.timers.tick(1000);
  assert.equal(sample(await scrape, 'good'), 1);
});

test('the changes of a failed collect() are not shown until a later collect() completes', async (t) => {
  const { register } = shared(t);
  const states = new client.Gauge({
    name: 'states',
    help: 'x',
    labelNames: ['state'],
    registers: [register],
    collect() {
      this.reset();
      this.set({ state: next }, 1);
      if (fails) throw new Error('no more');
    },
  });
  let next = 'a';
  let fails = false;
  const shown = async () =>
    (await register.metrics()).split('\n').filter((line) => line.startsWith('states{'));
  assert.deepEqual(await shown(), ['states{state="a"} 1']);
  [next, fails] = ['b', true];
  assert.deepEqual(await shown(), ['states{state="a"} 1']);
  assert.deepEqual(await shown(), ['states{state="a"} 1']);
  fails = false;
  assert.deepEqual(await shown(), ['states{state="b"} 1']);
  assert.ok(states);
});

test('a counter that its collect() resets shows its last value while the collect() is pending or after it failed', async (t) => {
  const { register, registers } = shared(t);
  let next: () => Promise<number> = async () => 7;
  new client.Counter({
    name: 'mirrored_total',
    help: 'x',
    registers,
    async collect() {
      this.reset();
      this.inc(await next());
    },
  });
  const shown = async () => sample(await register.metrics(), 'mirrored_total');
  assert.equal(await shown(), 7);
  next = () => Promise.reject(new Error('no value'));
  assert.equal(await shown(), 7);
  next = async () => 9;
  assert.equal(await shown(), 9);
  next = () => new Promise(() => {});
  assert.equal(await shown(), 9);
});

test('a failing collect() is reported once for each metric, and each failure is counted', async (t) => {
  const { directory, register } = shared(t);
  const warnings: string[] = [];
  const listener = (warning: Error) => {
    if ((warning as NodeJS.ErrnoException).code === 'PROM_MULTIPROC_COLLECT') warnings.push(warning.message);
  };
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  let n = 0;
  gauge(register, 'reported_once').act = () => {
    throw new Error(`attempt ${++n}`);
  };
  for (let i = 0; i < 3; i++) await processSlot(directory).refresh();
  const text = await register.metrics();
  assert.ok(sample(text, `${FAILURES}{metric="reported_once"}`)! >= 3);
  await until('the warning', () => warnings.some((message) => message.includes('reported_once')));
  assert.equal(warnings.filter((message) => message.includes('reported_once')).length, 1);
});

test('if get() of an object that is no metric of prom-client hangs or rejects, all others are shown', async (t) => {
  const { register } = shared(t);
  let get = async (): Promise<unknown> => ({
    name: 'odd',
    help: 'x',
    type: 'gauge',
    values: [{ value: 3, labels: {} }],
  });
  register.registerMetric({ name: 'odd', get: () => get() } as never);
  register.registerMetric({ name: 'never', get: () => new Promise(() => {}) } as never);
  gauge(register, 'good').act = (one) => one.set(1);
  const shown = async () => {
    const text = await register.metrics();
    const json = await register.getMetricsAsJSON();
    return [
      sample(text, 'odd'),
      sample(text, 'good'),
      json.some(({ name }) => name === 'odd'),
      text.includes('never '),
    ];
  };
  assert.deepEqual(await shown(), [3, 1, true, false]);
  get = () => Promise.reject(new Error('no value'));
  assert.deepEqual(await shown(), [3, 1, true, false]);
  get = () => new Promise(() => {});
  assert.deepEqual(await shown(), [3, 1, true, false]);
});

test('metricsHandler() answers 200 with all other metrics, also of registries that are not shared', async (t) => {
  const { register } = shared(t);
  const plain = new client.Registry();
  for (const one of [register, plain]) {
    const of = one === plain ? 'plain' : 'shared';
    gauge(one, `${of}_hangs`).act = hang;
    gauge(one, `${of}_throws`).act = WAYS.throws!;
    gauge(one, `${of}_good`).act = (metric) => metric.set(1);
  }
  let metrics = () => Promise.resolve('odd 1\n');
  const odd = { contentType: plain.contentType, metrics: () => metrics() };
  const server = createServer(metricsHandler(register, plain, odd as never)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  for (let i = 0; i < 2; i++) {
    const answer = await fetch(url);
    const text = await answer.text();
    assert.equal(answer.status, 200);
    for (const name of ['shared_good', 'plain_good', 'odd']) assert.equal(sample(text, name), 1, name);
    assert.ok(text.includes('# HELP plain_hangs x'));
    metrics = () => new Promise(() => {});
  }
  const text = await (await fetch(url)).text();
  for (const name of ['shared_hangs', 'shared_throws', 'plain_hangs', 'plain_throws'])
    assert.ok(sample(text, `${FAILURES}{metric="${name}"}`)! >= 1, name);
});

test('an invalid time limit is rejected, and the message names the allowed range', () => {
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = '/tmp';
  try {
    for (const collectTimeoutMs of [0, -1, Number.NaN, Infinity, '5' as never]) {
      assert.throws(
        () => share(new client.Registry(), { collectTimeoutMs }),
        /collectTimeoutMs must be a number from 1 to 3600000 \(milliseconds\), got /,
      );
    }
  } finally {
    if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
    else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  }
});
