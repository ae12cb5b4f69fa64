import assert from 'node:assert/strict';
import test from 'node:test';
import { createRecycling, type RecyclingOptions } from './recycling.ts';

function recycle(options: Partial<RecyclingOptions>) {
  const asked: string[] = [];
  const recycling = createRecycling({
    maxRequests: 0,
    maxRequestsJitter: 0,
    maxMemoryMb: 0,
    ...options,
    ask: (reason) => asked.push(reason),
  });
  return { ...recycling, asked };
}

test('a worker asks once its requests are done, and again only when it is looked after', () => {
  const { onRequest, check, asked } = recycle({ maxRequests: 3 });
  onRequest();
  onRequest();
  check();
  assert.deepEqual(asked, []);
  onRequest();
  assert.deepEqual(asked, ['3 requests, its limit is 3']);
  onRequest();
  assert.equal(asked.length, 1);
  check();
  assert.equal(asked.length, 2, 'the primary may not have been able to');
});

test('the jitter puts the limits of workers apart, up to what is set', () => {
  const requestsUntilAsked = (random: number): number => {
    const { onRequest, asked } = recycle({
      maxRequests: 100,
      maxRequestsJitter: 50,
      random: () => random,
    });
    let requests = 0;
    while (asked.length === 0) {
      onRequest();
      requests += 1;
    }
    return requests;
  };
  assert.deepEqual([0, 0.5, 0.999999].map(requestsUntilAsked), [100, 125, 150]);
});

test('a worker asks when it holds too much memory', () => {
  let megabytes = 99;
  const { check, asked } = recycle({ maxMemoryMb: 100, rssBytes: () => megabytes * 1024 * 1024 });
  check();
  assert.deepEqual(asked, []);
  megabytes = 100;
  check();
  assert.deepEqual(asked, ['100 MB of memory, the limit is 100']);
});

test('without limits a worker never asks', () => {
  const { onRequest, check, asked } = recycle({});
  for (let i = 0; i < 10_000; i++) onRequest();
  check();
  assert.deepEqual(asked, []);
});
