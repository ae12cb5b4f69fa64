import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../test-kit/exposition.ts';
import { changeBetween } from './scrape-change.ts';

const scrape = (get: number, post: number, other = 1) =>
  parseExposition(
    `# TYPE http_requests_total counter\nhttp_requests_total{method="GET"} ${get}\nhttp_requests_total{method="POST"} ${post}\n` +
      `# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${other}\n`,
  );

test('counts that rise or stay the same are no reset, with or without a restart', () => {
  assert.deepEqual(changeBetween(scrape(5, 5), scrape(5, 6), 1, undefined), { kind: 'continued' });
  assert.deepEqual(changeBetween(scrape(5, 5), scrape(5, 6), 1, 100), { kind: 'continued' });
});

test('any decrease without a restart is a decrease', () => {
  const change = changeBetween(scrape(5, 5), scrape(6, 4), 77, undefined);
  assert.equal(change.kind, 'decreased');
  assert.deepEqual(change.kind === 'decreased' && change.decreases, [
    { series: 'http_requests_total{method="POST"}', before: 5, after: 4, at: 77 },
  ]);
});

test('after a restart every series is reset together', () => {
  assert.deepEqual(changeBetween(scrape(900, 800), scrape(20, 10, 0.5), 1, 100), { kind: 'reset' });
});

test('a scrape that mixes old and new values is a decrease, even after a restart', () => {
  const change = changeBetween(scrape(900, 800), scrape(20, 801), 1, 100);
  assert.deepEqual(change.kind === 'decreased' && change.kept, ['http_requests_total{method="POST"}']);
});

test('a series that may have passed its old value after the restart is not checked', () => {
  assert.deepEqual(changeBetween(scrape(900, 50), scrape(20, 60), 1, 100), { kind: 'reset' });
});
