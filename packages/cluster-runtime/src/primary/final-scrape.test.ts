import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FINAL_SCRAPE_MAX_MS, FinalScrape } from './final-scrape.ts';

/** A FinalScrape with a clock that the test moves. */
function withClock(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const final = new FinalScrape(() => now);
  return {
    final,
    pass(ms: number) {
      now += ms;
      t.mock.timers.tick(ms);
    },
    scrape: (name = 'prometheus') => final.scraped(name, now, true),
    now: () => now,
  };
}

/** Whether a promise has settled after the callbacks that are due. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol();
  const first = await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))]);
  return first !== pending;
}

test('the wait ends when the scraper has scraped once more', async (t) => {
  const { final, pass, scrape } = withClock(t);
  scrape();
  pass(5_000);
  scrape();
  pass(2_000);
  const wait = final.wait();
  pass(2_999);
  assert.equal(await isDone(wait), false);
  scrape();
  assert.equal(await isDone(wait), true);
});

test('the wait ends when each of two scrapers has scraped once more', async (t) => {
  const { final, pass, scrape } = withClock(t);
  for (const name of ['a', 'b', 'a', 'b']) {
    scrape(name);
    pass(2_500);
  }
  const wait = final.wait();
  scrape('a');
  assert.equal(await isDone(wait), false);
  scrape('a');
  assert.equal(await isDone(wait), false);
  scrape('b');
  assert.equal(await isDone(wait), true);
});

test('a scrape that began before the wait may lack the last counts, so it does not end the wait', async (t) => {
  const { final, pass, scrape, now } = withClock(t);
  scrape();
  pass(5_000);
  scrape();
  const began = now();
  pass(10);
  const wait = final.wait();
  final.scraped('prometheus', began, true);
  assert.equal(await isDone(wait), false);
  scrape();
  assert.equal(await isDone(wait), true);
});

test('a scraper that does not come ends the wait after 1.2 intervals', async (t) => {
  const { final, pass, scrape } = withClock(t);
  scrape();
  pass(5_000);
  scrape();
  const wait = final.wait();
  pass(5_999);
  assert.equal(await isDone(wait), false);
  pass(1);
  assert.equal(await isDone(wait), true);
});

test('a scrape that came late, and made the last interval short, does not shorten the wait', async (t) => {
  const { final, pass, scrape } = withClock(t);
  scrape();
  pass(5_900);
  scrape();
  pass(4_100);
  scrape();
  const wait = final.wait();
  pass(5_500);
  assert.equal(await isDone(wait), false);
  scrape();
  assert.equal(await isDone(wait), true);
});

test('a scraper of a short interval may be 1 s late', async (t) => {
  const { final, pass, scrape } = withClock(t);
  scrape();
  pass(1_000);
  scrape();
  const wait = final.wait();
  pass(1_999);
  assert.equal(await isDone(wait), false);
  pass(1);
  assert.equal(await isDone(wait), true);
});

test('the wait is never longer than 15 s', async (t) => {
  const { final, pass, scrape } = withClock(t);
  scrape();
  pass(20_000);
  scrape();
  const wait = final.wait();
  pass(FINAL_SCRAPE_MAX_MS - 1);
  assert.equal(await isDone(wait), false);
  pass(1);
  assert.equal(await isDone(wait), true);
});

test('without a scraper there is no wait', async (t) => {
  const { final, pass, scrape } = withClock(t);
  assert.equal(await isDone(final.wait()), true);
  scrape();
  pass(5_000);
  scrape();
  pass(10_001);
  assert.equal(await isDone(final.wait()), true, 'it has missed two intervals');
});

test('Prometheus counts from its first scrape on, a person with curl does not', async (t) => {
  const { final, pass, now } = withClock(t);
  final.scraped('curl', now(), false);
  assert.equal(await isDone(final.wait()), true);
  final.scraped('prometheus', now(), true);
  const wait = final.wait();
  assert.equal(await isDone(wait), false);
  pass(1_000);
  final.scraped('prometheus', now(), true);
  assert.equal(await isDone(wait), true);
});

test('only answered scrapes of the totals count', async (t) => {
  const final = new FinalScrape();
  const seen = t.mock.method(final, 'scraped');
  const server = createServer((req, res) => {
    final.onRequest(req, res);
    res.writeHead(req.url === '/metrics?fail' ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { 'user-agent': 'Prometheus/3', 'x-prometheus-scrape-timeout-seconds': '4' };
  for (const path of ['/status', '/metrics/workers/0', '/metrics?fail', '/metrics', '/metrics?x=1'])
    await (await fetch(url + path, { headers })).text();
  await (await fetch(`${url}/metrics`, { method: 'HEAD', headers })).text();
  assert.deepEqual(
    seen.mock.calls.map(({ arguments: [name, , isPrometheus] }) => [name, isPrometheus]),
    Array(2).fill(['127.0.0.1 Prometheus/3', true]),
  );
});
