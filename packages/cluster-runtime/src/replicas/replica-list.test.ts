import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addressesOf } from './look-up.ts';
import { ReplicaList } from './replica-list.ts';
import { createReplicaServer } from './replica-server.ts';

const SERVER = join(import.meta.dirname, '../serve-replicas.ts');
const KEEP_MS = 40_000;

/** A list whose lookups and clock the test sets. */
function listed() {
  const world = { inDns: ['10.0.0.2', '10.0.0.1'], atMs: 0, failure: '' };
  const list = new ReplicaList({
    lookUp: async () => {
      if (world.failure) throw new Error(world.failure);
      return world.inDns;
    },
    port: 9041,
    keepMs: KEEP_MS,
    now: () => world.atMs,
  });
  return { world, list, targets: () => list.targets().flatMap(({ targets }) => targets) };
}

async function urlOf(t: TestContext, list: ReplicaList): Promise<string> {
  const server = createReplicaServer(list).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a replica stays listed for a time after it has left DNS, so that Prometheus can scrape its last counts', async () => {
  const { world, list, targets } = listed();
  await list.refresh();
  world.inDns = ['10.0.0.2', '10.0.0.3'];
  world.atMs = KEEP_MS;
  await list.refresh();
  assert.deepEqual(targets(), ['10.0.0.1:9041', '10.0.0.2:9041', '10.0.0.3:9041']);
  world.atMs = KEEP_MS + 1;
  await list.refresh();
  assert.deepEqual(targets(), ['10.0.0.2:9041', '10.0.0.3:9041']);
});

test('while lookups fail no replica is removed', async () => {
  const { world, list, targets } = listed();
  await list.refresh();
  world.failure = 'no answer';
  world.atMs = 10 * KEEP_MS;
  await assert.rejects(list.refresh(), /no answer/);
  assert.deepEqual(targets(), ['10.0.0.1:9041', '10.0.0.2:9041']);
});

test('before the first lookup the answer is 503 and not an empty list', async (t) => {
  const { list } = listed();
  const url = await urlOf(t, list);
  for (const path of ['/targets', '/readyz']) assert.equal((await fetch(url + path)).status, 503, path);
  await list.refresh();
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  const answer = await fetch(`${url}/targets`);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(await answer.json(), [{ targets: ['10.0.0.1:9041', '10.0.0.2:9041'], labels: {} }]);
  assert.equal((await fetch(`${url}/metrics`)).status, 404);
});

test('a name without addresses has no replicas, and a server that does not answer is an error', async () => {
  const rejecting = (code: string) => ({
    resolve4: () => Promise.reject(Object.assign(new Error(code), { code })),
  });
  for (const code of ['ENOTFOUND', 'ENODATA'])
    assert.deepEqual(await addressesOf('tasks.app', rejecting(code)), []);
  await assert.rejects(addressesOf('tasks.app', rejecting('ESERVFAIL')), /ESERVFAIL/);
});

test('wrong arguments end the server with 2 and the usage', () => {
  for (const args of [[], ['tasks.app', '9041', '40'], ['tasks.app', '9041', '-1', '9042']]) {
    const { status, stderr } = spawnSync(process.execPath, [SERVER, ...args], { encoding: 'utf8' });
    assert.deepEqual([status, stderr.startsWith('usage: ')], [2, true], String(args));
  }
});
