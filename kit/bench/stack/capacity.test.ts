import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacity, LIMIT_MS } from './capacity.ts';
import { fakeReport } from './fake-report.ts';
import type { trial } from './trial.ts';

/** A server that holds up to `most` requests per second. Each rate of `noisy` fails the first time it is tried. */
function server(most: number, noisy: readonly number[] = []) {
  const tried: number[] = [];
  const ask: typeof trial = async ({ rate }) => {
    const noise = noisy.includes(rate) && !tried.includes(rate);
    tried.push(rate);
    return fakeReport({ latencies: { 200: [rate <= most && !noise ? 5 : LIMIT_MS] } });
  };
  return { tried, ask };
}

test('capacity is found to within a sixteenth of the highest rate that held while the rate was doubled', async () => {
  const { tried, ask } = server(1300);
  assert.deepEqual(await capacity('x', 1, 500, ask), { rate: 1250, p99: 5 });
  assert.deepEqual(new Set(tried), new Set([500, 1000, 2000, 1500, 1250, 1375, 1312.5]));
});

test('a rate that holds at its second try does not limit later rates', async () => {
  const { tried, ask } = server(1450, [1000, 1250]);
  assert.deepEqual(await capacity('x', 1, 500, ask), { rate: 1437.5, p99: 5 });
  assert.deepEqual(tried, [500, 1000, 1000, 2000, 2000, 1500, 1500, 1250, 1250, 1375, 1437.5]);
});

test('a first rate that fails is halved, and a rate with a failed request fails', async () => {
  assert.equal((await capacity('x', 1, 400, server(60).ask)).rate, 59.375);
  const failing = server(1300);
  const ask: typeof trial = async (options) => {
    const report = await failing.ask(options);
    return options.rate > 700 ? { ...report, byStatus: { 503: 1 } } : report;
  };
  assert.equal((await capacity('x', 1, 500, ask)).rate, 687.5);
});

test('if no rate holds, the error names the lowest rate tried', async () => {
  await assert.rejects(
    capacity('http://x', 1, 800, server(1).ask),
    /^Error: http:\/\/x: the 99th percentile is above 50 ms even at 50 requests/,
  );
});
