import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import { type RawAnswer, sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { inspect } from './support/container-facts.ts';

/** For each port of nginx's container that is published on loopback: paths, and text that is in their answers. */
const SHOWN: Readonly<Record<number, readonly { readonly path: string; readonly shows: string }[]>> = {
  9040: [
    { path: '/metrics', shows: '# TYPE http_requests_total counter' },
    { path: '/status', shows: 'workersDesired' },
    { path: '/targets', shows: '__metrics_path__' },
  ],
  9090: [
    { path: '/-/ready', shows: 'Prometheus Server is Ready' },
    { path: '/api/v1/query?query=up', shows: '"status":"success"' },
    { path: '/api/v1/status/config', shows: 'scrape_config_files' },
    { path: '/metrics', shows: '# TYPE prometheus_build_info gauge' },
  ],
};
const KNOWN = ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]', 'localhost:1', '127.0.0.1:9040', '[::1]:9090'];
const UNKNOWN = [
  'evil.example',
  'evil.example:9040',
  'evil.example:9090',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil.example.localhost',
  'app',
  'nginx',
  'prometheus:9090',
  '127.0.0.2',
  '0.0.0.0',
  '192.0.2.1',
  '_',
  '',
];
const portOf = (url: string): number => Number(new URL(url).port);
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

function ask(port: number, method: string, path: string, ...headers: string[]): Promise<RawAnswer> {
  return sendRaw(port, [`${method} ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));
}

test('every port that is published on loopback accepts its known host names and no other', async ({
  stack,
}) => {
  const { Ports } = (await inspect(stack, 'nginx')).NetworkSettings;
  const onLoopback = Object.entries(Ports)
    .flatMap(([port, bindings]) =>
      (bindings ?? []).map((binding) => ({ port: Number.parseInt(port, 10), binding })),
    )
    .filter(({ binding }) => binding.HostIp === '127.0.0.1');
  expect(onLoopback.map(({ port }) => port).sort()).toEqual(Object.keys(SHOWN).map(Number));
  const counts = { known: 0, refused: 0 };
  for (const { port, binding } of onLoopback) {
    for (const { path, shows } of SHOWN[port]!) {
      for (const host of KNOWN) {
        const { status, body } = await ask(Number(binding.HostPort), 'GET', path, `Host: ${host}`);
        expect([status, body.includes(shows)], `${port} ${path}, ${host}`).toEqual([200, true]);
        counts.known += 1;
      }
      for (const host of UNKNOWN) {
        for (const method of METHODS) {
          const { status, text } = await ask(Number(binding.HostPort), method, path, `Host: ${host}`);
          // nginx itself rejects an empty host name.
          const refused = host === '' ? 400 : 421;
          expect(status, `${port} ${method} ${path}, ${host}: ${text.slice(0, 200)}`).toBe(refused);
          expect(text, `${port} ${method} ${path}, ${host}`).not.toContain(shows);
          counts.refused += 1;
        }
      }
    }
  }
  console.log(`host names: ${JSON.stringify(counts)}`);
});

test('the host name in an absolute URL takes precedence over Host; a request without one is rejected', async ({
  stack,
}) => {
  const port = portOf(stack.metricsUrl);
  expect((await ask(port, 'GET', 'http://evil.example/metrics', 'Host: localhost')).status).toBe(421);
  expect((await ask(port, 'GET', '/metrics')).status).toBe(400);
  expect((await sendRaw(port, 'GET /metrics HTTP/1.0\r\n\r\n')).status).toBe(421);
  const two = await ask(port, 'GET', '/metrics', 'Host: evil.example', 'Host: localhost');
  expect(two.status).toBe(400);
});

test('the 421 answer names the file where a host name is added', async ({ stack }) => {
  const { text, body } = await ask(portOf(stack.metricsUrl), 'GET', '/metrics', 'Host: evil.example');
  expect(body).toBe('Unknown host name: use localhost, or add yours to nginx/host-names.conf.\n');
  expect(text).toMatch(/^content-type: text\/plain/im);
});

test("nginx's status and health ports accept their known host names and no other", async ({ stack }) => {
  const statusOf = async (url: string, host: string) =>
    (
      await stack.exec(
        'nginx',
        ...[
          'curl',
          '--silent',
          '--output',
          '/dev/null',
          '--write-out',
          '%{http_code}',
          '--header',
          `Host: ${host}`,
          url,
        ],
      )
    ).trim();
  const status = 'http://nginx-monitoring:8043/stub_status';
  const health = 'http://127.0.0.1:8042/healthz';
  for (const host of ['nginx:8043', 'nginx-monitoring:8043', '10.0.0.9:8043'])
    expect(await statusOf(status, host), host).toBe('200');
  for (const host of ['127.0.0.1:8042', 'localhost']) expect(await statusOf(health, host), host).toBe('200');
  for (const host of ['evil.example', 'nginx.evil.example', 'app']) {
    expect([await statusOf(status, host), await statusOf(health, host)], host).toEqual(['421', '421']);
  }
});

test('Prometheus allows no other origin to read its answers', async ({ stack }) => {
  const port = portOf(stack.prometheusUrl);
  for (const method of ['GET', 'POST']) {
    const origin = 'Origin: http://evil.example';
    const { status, text } = await ask(port, method, '/api/v1/query?query=up', 'Host: localhost', origin);
    expect(status, method).toBe(200);
    expect(text, method).not.toMatch(/^access-control-allow-origin:/im);
  }
});

test('nginx passes requests to Prometheus unchanged: a POST query, an error, an answer of one megabyte', async ({
  stack,
}) => {
  const post = (body: URLSearchParams) =>
    fetch(`${stack.prometheusUrl}/api/v1/query`, { method: 'POST', body });
  const long = `up or ${Array.from({ length: 2_000 }, (_, i) => `up{job="none-${i}"}`).join(' or ')}`;
  const answer = (await (await post(new URLSearchParams({ query: long }))).json()) as { status: string };
  expect(answer.status).toBe('success');
  const wrong = await post(new URLSearchParams({ query: 'sum(' }));
  expect([wrong.status, ((await wrong.json()) as { errorType: string }).errorType]).toEqual([
    400,
    'bad_data',
  ]);
  const many = new URLSearchParams({
    query: 'label_replace(vector(1),"a","x","","")',
    start: '0',
    end: '10000',
    step: '1',
  });
  const range = await fetch(`${stack.prometheusUrl}/api/v1/query_range?${many}`);
  const values = ((await range.json()) as { data: { result: { values: unknown[] }[] } }).data.result[0]!
    .values;
  expect(values.length).toBe(10_001);
});

test('nginx starts and serves without Prometheus, and finds it once it starts', async ({ stack }) => {
  await stack.compose('stop', 'prometheus');
  await stack.compose('restart', 'nginx');
  await stack.settle();
  expect((await ask(portOf(stack.publicUrl), 'GET', '/ping', 'Host: localhost')).body).toBe('Pong');
  expect((await ask(portOf(stack.prometheusUrl), 'GET', '/-/ready', 'Host: localhost')).status).toBe(503);
  await stack.compose('up', '--detach', '--no-deps', '--no-build', '--wait', 'prometheus');
  await poll(
    'Prometheus behind nginx',
    async () =>
      (await ask(portOf(stack.prometheusUrl), 'GET', '/-/ready', 'Host: localhost')).status === 200 ||
      undefined,
    { deadlineMs: 60_000 },
  );
});
