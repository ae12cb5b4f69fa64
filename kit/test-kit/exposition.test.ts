import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition, seriesKey, total } from './exposition.ts';

const REAL = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/ping",status="200"} 12
http_requests_total{status="404",route="unmatched",method="GET"} 3

# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 0.25
wait_seconds_count 2
# TYPE up gauge
up 1 1700000000000
plain 5e-3
`;

test('every sample is returned with its value and family type', () => {
  const scrape = parseExposition(REAL);
  assert.equal(scrape.size, 8);
  assert.equal(scrape.get('wait_seconds_bucket{le="+Inf"}')?.type, 'histogram');
  assert.equal(scrape.get('wait_seconds_count')?.value, 2);
  assert.equal(scrape.get('up')?.type, 'gauge');
  assert.deepEqual(scrape.get('plain'), { name: 'plain', labels: {}, value: 0.005, type: 'untyped' });
});

test('the order of labels does not matter', () => {
  const scrape = parseExposition(REAL);
  assert.ok(scrape.has('http_requests_total{method="GET",route="unmatched",status="404"}'));
});

test('escaped quotes, backslashes, newlines, braces and commas in label values are unescaped', () => {
  const scrape = parseExposition('a{x="q\\"b\\\\n\\nend",y="},{ z=\\"1\\""} 1\n');
  const [sample] = scrape.values();
  assert.deepEqual({ ...sample?.labels }, { x: 'q"b\\n\nend', y: '},{ z="1"' });
});

test('labels that differ only in quoting are two series', () => {
  assert.equal(parseExposition('a{x="1,y:2"} 1\na{x="1",y="2"} 2\n').size, 2);
  assert.notEqual(seriesKey('a', { x: '1"' }), seriesKey('a', { x: '1' }));
});

test('infinities and NaN are read in each spelling that Prometheus accepts', () => {
  const values = ['+Inf', '-Inf', 'Inf', 'NaN', 'Nan', '-0', '1.', '.5', '+3E+2'];
  const text = values.map((v, i) => `m${i} ${v}\n`).join('');
  const read = [...parseExposition(text).values()].map((s) => s.value);
  assert.deepEqual(read, [Infinity, -Infinity, Infinity, NaN, NaN, -0, 1, 0.5, 300]);
});

test('trailing commas, spaces and empty braces are read', () => {
  assert.deepEqual(
    [...parseExposition('a{} 1\nb{x="1",} 2\nc{ x = "1" , y="2" }  3\n').keys()],
    ['a', 'b{x="1"}', 'c{x="1",y="2"}'],
  );
});

for (const [what, text, message] of [
  ['a cut-off text', 'a 1\nb{x="', /cut off/],
  ['a series shown twice', 'a{x="1"} 1\na{x="1"} 2\n', /shown twice/],
  ['a missing value', 'a{x="1"}\n', /line 1: expected a value/],
  ['a word for a value', 'ok\na one\n', /expected a value/],
  ['an unquoted label', 'a{x=1} 1\n', /expected a label at column 3/],
  ['labels without a comma', 'a{x="1" y="2"} 1\n', /expected , or }/],
  ['HTML', '<html>\n', /expected a metric name/],
  ['a repeated label', 'a{x="1",x="2"} 1\n', /given twice/],
  ['an unknown type', '# TYPE a speed\n', /unknown type "speed"/],
  ['a second TYPE', '# TYPE a counter\n# TYPE a counter\n', /second TYPE/],
] as const) {
  test(`${what} is rejected`, () => {
    assert.throws(() => parseExposition(text), message);
  });
}

test('total() adds up the series that have the given labels', () => {
  const scrape = parseExposition(REAL);
  assert.equal(total(scrape, 'http_requests_total'), 15);
  assert.equal(total(scrape, 'http_requests_total', { route: '/ping' }), 12);
  assert.equal(total(scrape, 'http_requests_total', { route: '/none' }), 0);
});
