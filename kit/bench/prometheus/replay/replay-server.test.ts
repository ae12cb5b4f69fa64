import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseExposition, total } from '../../../test-kit/exposition.ts';
import { addressOf, type Recording, serveReplay } from './replay-server.ts';

const RECORDING: Recording = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  paths: Object.fromEntries(
    ['/metrics', '/metrics/workers/0'].map((path, i) => [
      path,
      [1, 3, 6].map((value) => `# TYPE n counter\nn ${value + 10 * i}\n`),
    ]),
  ),
};

async function served(
  t: TestContext,
  replicas: number,
): Promise<(replica: number, path: string) => Promise<Response>> {
  const { port, close } = await serveReplay(RECORDING, replicas);
  t.after(close);
  return (replica, path) => fetch(`http://${addressOf(replica)}:${port}${path}`);
}

test('each target has its own counters, which rise at each of its scrapes', async (t) => {
  const get = await served(t, 3);
  const scrape = async (replica: number, path: string) =>
    total(parseExposition(await (await get(replica, path)).text()), 'n');
  const first: number[] = [];
  for (let i = 0; i < 4; i++) first.push(await scrape(0, '/metrics'));
  assert.deepEqual(first, [1, 3, 6, 8]);
  assert.deepEqual([await scrape(0, '/metrics/workers/0'), await scrape(0, '/metrics/workers/0')], [11, 13]);
  // Replica 1 is one scrape ahead, replica 2 is again where replica 0 began.
  assert.deepEqual([await scrape(1, '/metrics'), await scrape(2, '/metrics')], [3, 1]);
});

test('an answer is compressed and has the recorded content type, and another path is not found', async (t) => {
  const get = await served(t, 1);
  const answer = await get(0, '/metrics');
  assert.equal(answer.headers.get('content-type'), RECORDING.contentType);
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.equal((await get(0, '/other')).status, 404);
});

test('every replica has another loopback address', () => {
  const addresses = Array.from({ length: 1000 }, (_, replica) => addressOf(replica));
  assert.equal(new Set(addresses).size, 1000);
  assert.ok(addresses.every((address) => /^127\.1\.\d{1,3}\.\d{1,3}$/.test(address)));
});
