/** Like crash-points.test.ts, for reset(), remove() and zero(). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { CrashPoints } from './support/crash-points.ts';
import { TextReader } from './support/directory-text.ts';
import { values } from './support/sample.ts';
import {
  add,
  addExemplar,
  openWriter,
  START,
  SUMMARY,
  TRACED,
  TRACED_HISTOGRAM,
} from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const BEFORE = START - 200;
const RESET = START - 100;

/** A counter and a histogram with exemplars, and a summary, each with the series `/` and `/other`. */
function application(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: BEFORE * 1000 });
  const register = new client.Registry();
  register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const config = { help: 'x', labelNames: ['route'], registers: [register] };
  const traced = { ...config, enableExemplars: true };
  const { bounds } = TRACED_HISTOGRAM;
  return {
    register,
    counter: new client.Counter({ ...traced, name: TRACED.name }),
    histogram: new client.Histogram({ ...traced, name: TRACED_HISTOGRAM.name, buckets: [...bounds] }),
    summary: new client.Summary({ ...config, name: SUMMARY.name, percentiles: [0.5] }),
  };
}

type Application = ReturnType<typeof application>;

function count({ counter, histogram, summary }: Application): void {
  for (const route of ['/', '/other']) {
    const labels = { route };
    const exemplarLabels = { of: route };
    counter.inc({ labels, value: 5, exemplarLabels });
    for (const value of [0.5, 3]) histogram.observe({ labels, value, exemplarLabels });
    summary.observe(labels, 8);
  }
}

/** What a reader shows. Fails if it finds a damaged file. */
function shown(t: TestContext, directory: string, where: string) {
  const reader = new TextReader(t, directory);
  const found = values(reader.text());
  const starts = values(reader.startTimes());
  const exemplars = reader.exemplars();
  assert.deepEqual(reader.errors, [], where);
  return { found, starts, exemplars };
}

const routeOf = (series: string) => /route="([^"]*)"/.exec(series)![1]!;
const metricOf = (series: string) => series.replace(/(_bucket|_sum|_count|_created)?{.*/, '');

interface Reset {
  readonly act: (of: Application) => void;
  readonly routes: readonly string[];
  /** Metrics whose series become absent at once. */
  readonly removed: readonly string[];
  /** Metrics whose series stay, at zero. */
  readonly zeroed: readonly string[];
}

const RESETS: Record<string, Reset> = {
  'remove()': {
    act({ counter, histogram, summary }) {
      for (const metric of [counter, histogram, summary]) metric.remove('/');
    },
    routes: ['/'],
    removed: [TRACED.name, TRACED_HISTOGRAM.name, SUMMARY.name],
    zeroed: [],
  },
  'zero()': {
    act: ({ histogram }) => histogram.zero({ route: '/' }),
    routes: ['/'],
    removed: [],
    zeroed: [TRACED_HISTOGRAM.name],
  },
  'reset()': {
    act: ({ register }) => register.resetMetrics(),
    routes: ['/', '/other'],
    removed: [TRACED.name, TRACED_HISTOGRAM.name],
    zeroed: [SUMMARY.name],
  },
};

for (const [what, { act, routes, removed, zeroed }] of Object.entries(RESETS)) {
  test(`a crash at any point of ${what} changes only its series, and the start time after the values`, (t) => {
    const live = temporaryDirectory(t);
    const of = application(t);
    const points = new CrashPoints(t, live);
    points.during(
      () => {
        t.mock.timers.setTime(RESET * 1000);
        act(of);
      },
      () => {
        shareIn(live, of.register);
        count(of);
      },
    );
    const whole = shown(t, points.copies[0]!.directory, 'before');
    assert.deepEqual([whole.starts.size, whole.exemplars.size], [6, 6]);
    const isReset = (series: string) =>
      routes.includes(routeOf(series)) && [...removed, ...zeroed].includes(metricOf(series));
    const end = shown(t, points.copies.at(-1)!.directory, 'the end');
    for (const [series, value] of whole.found) {
      const after = removed.includes(metricOf(series)) ? undefined : 0;
      const expected = isReset(series) ? after : value;
      assert.equal(end.found.get(series), expected, `${series} at the end`);
    }
    for (const name of zeroed) assert.equal(end.starts.get(`${name}_created{route="/"}`), RESET, name);
    for (const { directory, after } of points.copies) {
      const { found, starts, exemplars } = shown(t, directory, after);
      for (const [series, value] of whole.found) {
        const now = found.get(series);
        if (now === undefined) assert.ok(isReset(series), `${after}: ${series} is lost`);
        else if (!zeroed.includes(metricOf(series))) assert.equal(now, value, `${after}: ${series}`);
        else assert.ok(now === value || (isReset(series) && now >= 0 && now < value), `${after}: ${series}`);
      }
      for (const [series, exemplar] of exemplars) assert.equal(exemplar, whole.exemplars.get(series), after);
      for (const [series, start] of starts) {
        if (start === BEFORE) continue;
        assert.ok(isReset(series) && start === RESET, `${after}: ${series} ${start}`);
        const own = [...found].filter(
          ([one]) => metricOf(one) === metricOf(series) && routeOf(one) === routeOf(series),
        );
        for (const [one, value] of own) assert.equal(value, 0, `${after}: ${one} with a new start time`);
      }

      const successor = openWriter(directory);
      add(successor, TRACED, '/', 1);
      add(successor, TRACED_HISTOGRAM, '/', 1, 1);
      for (const metric of [TRACED, TRACED_HISTOGRAM]) addExemplar(successor, metric, '/', { of: 'late' });
      successor.close();
      const later = shown(t, directory, `${after}, taken over`);
      for (const series of ['traced_total{route="/"}', 'traced_seconds_bucket{le="1",route="/"}']) {
        assert.equal(later.found.get(series), (found.get(series) ?? 0) + 1, `${after}: ${series}`);
        assert.match(later.exemplars.get(series)!, /late/, `${after}: ${series}`);
        const created = `${metricOf(series)}_created{route="/"}`;
        assert.equal(later.starts.get(created), starts.get(created) ?? START, `${after}: ${created}`);
      }
      for (const [series, exemplar] of later.exemplars) {
        if (exemplar.includes('late')) continue;
        assert.equal(exemplar, exemplars.get(series), `${after}: ${series} of an earlier series`);
      }
    }
    t.diagnostic(`${points.copies.length} points: ${points.copies.map(({ after }) => after).join(', ')}`);
  });
}
