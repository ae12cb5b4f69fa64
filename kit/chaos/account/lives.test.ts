import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../test-kit/exposition.ts';
import { changeBetween } from './lives.ts';

const scrape = (get: number, post: number, other = 1) =>
  parseExposition(
    `# TYPE http_requests_total counter\nhttp_requests_total{method="GET"} ${get}\nhttp_requests_total{method="POST"} ${post}\n` +
      `# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${other}\n`,
  );

test('counts that rise or stand still go on, whatever happened in between', () => {
  assert.deepEqual(changeBetween(scrape(5, 5), scrape(5, 6), 1, undefined), { kind: 'went on' });
  assert.deepEqual(changeBetween(scrape(5, 5), scrape(5, 6), 1, 100), { kind: 'went on' });
});

test('any fall within a life is a fall', () => {
  const change = changeBetween(scrape(5, 5), scrape(6, 4), 77, undefined);
  assert.equal(change.kind, 'fell');
  assert.deepEqual(change.kind === 'fell' && change.decreases, [
    { series: 'http_requests_total{method="POST"}', before: 5, after: 4, at: 77 },
  ]);
});

test('after the end of a life all is set back together', () => {
  assert.deepEqual(changeBetween(scrape(900, 800), scrape(20, 10, 0.5), 1, 100), { kind: 'set back' });
});

test('a half-old, half-new scrape is a fall, also after the end of a life', () => {
  const change = changeBetween(scrape(900, 800), scrape(20, 801), 1, 100);
  assert.deepEqual(change.kind === 'fell' && change.kept, ['http_requests_total{method="POST"}']);
});

test('a series that a new life may already have passed is no witness', () => {
  assert.deepEqual(changeBetween(scrape(900, 50), scrape(20, 60), 1, 100), { kind: 'set back' });
});
