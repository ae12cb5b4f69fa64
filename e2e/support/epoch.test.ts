import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../kit/test-kit/exposition.ts';
import { epochOf, witnessesOf } from './epoch.ts';

const scrape = (pings: number, seconds: number) =>
  parseExposition(
    `http_requests_total{route="/ping"} ${pings}\nhttp_requests_total{route="/readyz"} 3\n` +
      `http_request_duration_seconds_count ${seconds}\nhttp_request_duration_seconds_sum 900\nother_total 999\n`,
  );
const witnesses = witnessesOf(scrape(400, 500), 400);

test('witnesses are count series at or above the limit, never sums or other series', () => {
  assert.deepEqual(
    [...witnesses],
    [
      ['http_requests_total{route="/ping"}', 400],
      ['http_request_duration_seconds_count', 500],
    ],
  );
});

test('all series at or above their old values are old, all below are new, and anything else is mixed', () => {
  assert.equal(epochOf(witnesses, scrape(400, 501)), 'old');
  assert.equal(epochOf(witnesses, scrape(0, 7)), 'new');
  assert.equal(epochOf(witnesses, parseExposition('')), 'new');
  assert.equal(epochOf(witnesses, scrape(0, 500)), 'mixed');
  assert.equal(epochOf(witnesses, scrape(400, 499)), 'mixed');
});
