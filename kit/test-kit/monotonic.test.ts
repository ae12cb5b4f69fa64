import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from './exposition.ts';
import { decreases, MonotonicWatch } from './monotonic.ts';

const counter = (value: string) => parseExposition(`# TYPE c counter\nc{a="1"} ${value}\n`);
const EMPTY = parseExposition('');

test('an unchanged or increased counter is not a decrease', () => {
  assert.deepEqual(decreases(counter('3'), counter('3'), 1), []);
  assert.deepEqual(decreases(counter('3'), counter('4'), 1), []);
  assert.deepEqual(decreases(EMPTY, counter('4'), 1), []);
});

test('a decreased counter is reported with its series, both values and the time', () => {
  assert.deepEqual(decreases(counter('3'), counter('2.5'), 77), [
    { series: 'c{a="1"}', before: 3, after: 2.5, at: 77 },
  ]);
});

test('a counter that disappears is a decrease', () => {
  assert.deepEqual(decreases(counter('3'), EMPTY, 1), [
    { series: 'c{a="1"}', before: 3, after: undefined, at: 1 },
  ]);
});

test('NaN is a decrease in both directions', () => {
  assert.equal(decreases(counter('3'), counter('NaN'), 1).length, 1);
  assert.equal(decreases(counter('NaN'), counter('3'), 1).length, 1);
});

test('buckets, counts and sums of histograms are checked', () => {
  const histogram = (bucket: number, sum: number, count: number) =>
    parseExposition(`# TYPE h histogram\nh_bucket{le="+Inf"} ${bucket}\nh_sum ${sum}\nh_count ${count}\n`);
  const found = decreases(histogram(2, 2, 2), histogram(1, 1, 1), 1);
  assert.deepEqual(
    found.map((d) => d.series),
    ['h_bucket{le="+Inf"}', 'h_sum', 'h_count'],
  );
});

test('gauges, untyped series and quantiles may decrease or disappear', () => {
  const before = parseExposition(
    '# TYPE g gauge\ng 2\nu 2\n# TYPE s summary\ns{quantile="0.5"} 2\ns_count 2\ns_sum 2\n',
  );
  assert.deepEqual(
    decreases(before, EMPTY, 1).map((d) => d.series),
    ['s_count', 's_sum'],
  );
});

test('each decrease is reported once, relative to the previous scrape', () => {
  const watch = new MonotonicWatch();
  for (const [value, at] of [
    ['5', 1],
    ['2', 2],
    ['3', 3],
    ['1', 4],
  ] as const) {
    watch.take(counter(value), at);
  }
  assert.deepEqual(
    watch.decreases.map((d) => [d.before, d.after, d.at]),
    [
      [5, 2, 2],
      [3, 1, 4],
    ],
  );
});
