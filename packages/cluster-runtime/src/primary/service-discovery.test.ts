import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../../prom-multiproc/test/support/temporary-directory.ts';
import { ports, runApp } from '../../test/support/run-app.ts';
import { allReady, statusWhen } from '../../test/support/status.ts';
import { createMetricsServer } from './metrics-server.ts';
import { createTargetsRoute } from './service-discovery.ts';

const MAIN = fileURLToPath(new URL('../../test/support/ping-main.ts', import.meta.url));
const NO_METRICS = { requireSharing() {}, serve() {} };

async function serve(t: TestContext, host: string): Promise<number> {
  const slots = [
    { slot: 0, live: true },
    { slot: 1, live: false },
    { slot: 12, live: true },
  ];
  const server = createMetricsServer(new Map([['/targets', createTargetsRoute(() => slots)]]), NO_METRICS);
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('live slots are listed in the format of HTTP service discovery, and others are not', async (t) => {
  const address = `127.0.0.1:${await serve(t, '127.0.0.1')}`;
  const answer = await fetch(`http://${address}/targets`);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(await answer.json(), [
    { targets: [address], labels: { __metrics_path__: '/metrics/workers/0', worker: '0' } },
    { targets: [address], labels: { __metrics_path__: '/metrics/workers/12', worker: '12' } },
  ]);
});

test('the address is the one that accepted the request and not the one the server listens on', async (t) => {
  const port = await serve(t, '::');
  for (const address of [`127.0.0.1:${port}`, `[::1]:${port}`]) {
    const [{ targets }] = (await (await fetch(`http://${address}/targets`)).json()) as [
      { targets: string[] },
    ];
    assert.deepEqual(targets, [address]);
  }
});

async function listed(url: string): Promise<string[]> {
  const groups = (await (await fetch(`${url}/targets`)).json()) as {
    targets: [string];
    labels: { __metrics_path__: string };
  }[];
  return groups.map(({ targets, labels }) => `http://${targets[0]}${labels.__metrics_path__}`);
}

test('each target shows one worker, and a removed worker is not listed', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '2', PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const urls = await listed(metrics);
  assert.deepEqual(urls, [`${metrics}/metrics/workers/0`, `${metrics}/metrics/workers/1`]);
  for (const url of urls) {
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /^# TYPE http_requests_total counter$/m);
  }
  app.child.kill('SIGTTOU');
  const { workers } = await statusWhen(metrics, (status) => status.workersDesired === 1 && allReady(status));
  assert.deepEqual(await listed(metrics), [`${metrics}/metrics/workers/${workers[0]!.slot}`]);
});

test('/targets is a 503 with the reason if workers have no directory to share', async (t) => {
  const { metrics } = await ports(runApp(t, MAIN, { WORKERS: '1' }));
  const answer = await fetch(`${metrics}/targets`);
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /PROMETHEUS_MULTIPROC_DIR is not set/);
});
