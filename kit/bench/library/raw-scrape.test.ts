import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { RawScraper } from './raw-scrape.ts';

async function scraperOf(t: TestContext, serve: RequestListener): Promise<RawScraper> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scraper = await RawScraper.connect((server.address() as AddressInfo).port);
  t.after(() => {
    scraper.close();
    server.close();
  });
  return scraper;
}

test('a scrape ends with the last byte of the body, and the next scrape uses the same connection', async (t) => {
  const body = 'é'.repeat(1_000_000);
  const encodings: unknown[] = [];
  const scraper = await scraperOf(t, (request, response) => {
    encodings.push(request.headers['accept-encoding']);
    response.end(body);
  });
  for (let i = 0; i < 2; i++) {
    const answer = await scraper.scrape();
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString('utf8'), body);
    assert.ok(answer.ms > 0);
  }
  assert.deepEqual(encodings, ['identity', 'identity']);
});

test('a scrape returns the status of an error', async (t) => {
  const scraper = await scraperOf(t, (_request, response) => {
    response.statusCode = 503;
    response.end('no');
  });
  assert.equal((await scraper.scrape()).status, 503);
});

test('an incomplete answer is an error', async (t) => {
  const scraper = await scraperOf(t, (_request, response) => {
    response.setHeader('Content-Length', 100);
    response.write('half', () => response.destroy());
  });
  await assert.rejects(scraper.scrape(), /closed after \d+ of \d+ bytes/);
});

test('a scrape on a closed connection fails at once', async (t) => {
  const closed = Promise.withResolvers<void>();
  const scraper = await scraperOf(t, (request, response) => {
    request.socket.once('close', () => closed.resolve());
    response.setHeader('Connection', 'close');
    response.end('last');
  });
  assert.equal((await scraper.scrape()).body.toString(), 'last');
  await closed.promise;
  await assert.rejects(scraper.scrape(), /closed/);
});
