import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../../test-kit/exposition.ts';
import { decreases } from '../../../test-kit/monotonic.ts';
import { MovingText } from './moving-text.ts';

const scrapeOf = (requests: number, seconds: number, memory: number): string =>
  `# TYPE requests_total counter\nrequests_total{route="/a b"} ${requests}\n` +
  `# TYPE seconds histogram\nseconds_bucket{le="+Inf"} ${requests}\nseconds_sum ${seconds}\nseconds_count ${requests}\n` +
  `\n# TYPE memory gauge\nmemory ${memory}\n`;
const RECORDED = [scrapeOf(5, 0.1, 9), scrapeOf(7, 0.1, 8), scrapeOf(12, 0.3, 10)];

test('a replay begins with the recorded scrapes as they are', () => {
  const moving = new MovingText(RECORDED);
  assert.deepEqual(
    [0, 1].map((step) => moving.at(step)),
    RECORDED.slice(0, 2),
  );
});

test('counters and histograms never fall, also when the recording starts over, and gauges repeat', () => {
  const moving = new MovingText(RECORDED);
  const texts = Array.from({ length: 50 }, (_, step) => parseExposition(moving.at(step)));
  for (const [i, after] of texts.entries())
    assert.deepEqual(decreases(texts[i - 1] ?? new Map(), after, i), []);
  const values = (series: string) => texts.slice(0, 6).map((text) => text.get(series)!.value);
  assert.deepEqual(values('requests_total{route="/a b"}'), [5, 7, 12, 14, 19, 21]);
  assert.deepEqual(values('memory'), [9, 8, 10, 8, 10, 8]);
});

test('a counter that begins during the recording begins at 0', () => {
  const began = `${RECORDED[1]}# TYPE late counter\nlate 3\n`;
  const moving = new MovingText([RECORDED[0]!, began]);
  assert.deepEqual(
    [0, 1, 2].map((step) => parseExposition(moving.at(step)).get('late')?.value),
    [0, 3, 6],
  );
});

test('a recording in which a counter falls, or with one scrape, is an error', () => {
  assert.throws(
    () => new MovingText(RECORDED.toReversed()).at(1),
    /^Error: requests_total.* changes by -5 between/,
  );
  assert.throws(() => new MovingText(RECORDED.slice(0, 1)), /a replay needs 2 scrapes, not 1/);
});
