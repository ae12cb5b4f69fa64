import assert from 'node:assert/strict';
import test from 'node:test';
import { createRecycling, type RecyclingOptions } from './recycling.ts';

function recycle(options: Partial<RecyclingOptions>) {
  const reasons: string[] = [];
  const recycling = createRecycling({
    maxRequests: 0,
    maxRequestsJitter: 0,
    maxMemoryMb: 0,
    ...options,
    requestReplacement: (reason) => reasons.push(reason),
  });
  return { ...recycling, reasons };
}

test('a worker requests its replacement at the limit of requests, and again at each check', () => {
  const { onRequest, check, reasons } = recycle({ maxRequests: 3 });
  onRequest();
  onRequest();
  check();
  assert.deepEqual(reasons, []);
  onRequest();
  assert.deepEqual(reasons, ['3 requests, limit 3']);
  onRequest();
  assert.equal(reasons.length, 1);
  check();
  assert.equal(reasons.length, 2, 'the primary may have failed to replace it');
});

test('the jitter raises the limit by a random number of requests up to its value', () => {
  const requestsUntilReplaced = (random: number): number => {
    const { onRequest, reasons } = recycle({
      maxRequests: 100,
      maxRequestsJitter: 50,
      random: () => random,
    });
    let requests = 0;
    while (reasons.length === 0) {
      onRequest();
      requests += 1;
    }
    return requests;
  };
  assert.deepEqual([0, 0.5, 0.999999].map(requestsUntilReplaced), [100, 125, 150]);
});

test('a worker requests its replacement at the limit of memory', () => {
  let megabytes = 99;
  const { check, reasons } = recycle({ maxMemoryMb: 100, rssBytes: () => megabytes * 1024 * 1024 });
  check();
  assert.deepEqual(reasons, []);
  megabytes = 100;
  check();
  assert.deepEqual(reasons, ['100 MB of memory, limit 100 MB']);
});

test('without limits a worker never requests its replacement', () => {
  const { onRequest, check, reasons } = recycle({});
  for (let i = 0; i < 10_000; i++) onRequest();
  check();
  assert.deepEqual(reasons, []);
});
