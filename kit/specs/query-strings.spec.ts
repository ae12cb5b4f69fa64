import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { Service } from '../../e2e/support/compose-stack.ts';
import { sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { docker } from '../test-kit/docker.ts';
import { EchoProxy } from './support/echo-proxy.ts';

const SECRET = 'c0ffee-secret';
const SERVICES: readonly Service[] = ['app', 'nginx', 'nginx-exporter', 'prometheus'];
const DEADLINE_MS = 60_000;
/** Larger than nginx's header buffers. */
const TOO_LONG = 'x'.repeat(9_000);

const request = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, 'Connection: close', '', ''].join('\r\n');

function entriesOf(log: string): Record<string, string>[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{"time"') && line.includes('upstream_status'))
    .map((line) => JSON.parse(line) as Record<string, string>);
}

test('no log of the stack contains query strings or Referer, and paths are logged as sent', async ({
  stack,
}) => {
  const publicPort = Number(new URL(stack.publicUrl).port);
  const metricsPort = Number(new URL(stack.metricsUrl).port);
  const post = 'Content-Length: 0';
  const sent: [number, string][] = [
    [publicPort, request(`GET /ping?token=${SECRET}`, `Referer: http://here/?from=${SECRET}`)],
    [publicPort, request(`GET /a%3Fb%2F%2e?token=${SECRET}?token=${SECRET}`)],
    [publicPort, request(`GET ?token=${SECRET}`)],
    [publicPort, request(`GET http://localhost/absolute?token=${SECRET}`)],
    [publicPort, request(`GET http://localhost?token=${SECRET}`)],
    [publicPort, request(`GET /?token="${SECRET}",`)],
    [publicPort, request(`TRACE /ping?token=${SECRET}`)],
    [publicPort, request(`GET /ping?token=${SECRET} more`)],
    [publicPort, `/ping?token=${SECRET} GET HTTP/1.1\r\n\r\n`],
    [publicPort, request(`GET /ping?token=${SECRET}${TOO_LONG}`)],
    [publicPort, request(`POST /ping?token=${SECRET}`, 'Content-Length: 1048577')],
    [publicPort, request(`POST /demo/faults/error?token=${SECRET}`, post)],
    [publicPort, request(`POST /demo/faults/throw?token=${SECRET}`, post)],
    [metricsPort, request(`GET /metrics?token=${SECRET}`)],
    [metricsPort, request(`POST /metrics?token=${SECRET}`, post)],
  ];
  for (const [port, text] of sent) await sendRaw(port, text);
  await stack.settle();
  await sendRaw(publicPort, request('GET /last-of-all'));
  const nginx = await stack.containerId('nginx');
  await expect
    .poll(async () => entriesOf(await docker(['logs', nginx])).some(({ path }) => path === '/last-of-all'), {
      timeout: DEADLINE_MS,
    })
    .toBe(true);

  const paths = async () => entriesOf(await docker(['logs', nginx])).map(({ path }) => path);
  // nginx logs successful requests later than failed ones.
  await expect
    .poll(paths, { timeout: DEADLINE_MS })
    .toEqual(
      expect.arrayContaining(['/ping', '/a%3Fb%2F%2e', '/absolute', '/demo/faults/error', '/metrics']),
    );
  for (const service of SERVICES) {
    const log = await stack.compose('logs', '--no-color', service);
    expect(log.length, `${service} logs`).toBeGreaterThan(0);
    const shown = log.split('\n').filter((line) => line.includes(SECRET));
    expect(shown, service).toEqual([]);
  }
});

test('nginx’s error log contains failed requests without their query strings', async () => {
  const proxy = await EchoProxy.start();
  try {
    const secrets = [`GET /break?token=${SECRET}`, `POST /break?a="${SECRET}",b&c=?${SECRET}`];
    for (const line of secrets) {
      const answer = await proxy.send(
        request(line, 'Content-Length: 0', `Referer: http://here/a b?${SECRET} "${SECRET}"`),
      );
      expect(answer.status).toBe(502);
    }
    const log = () => proxy.compose('logs', '--no-color', '--no-log-prefix', 'nginx');
    await expect
      .poll(log, { timeout: DEADLINE_MS })
      .toMatch(
        /prematurely closed.*request: "POST \/break HTTP\/1\.1", upstream: "http:\/\/[\d.:]+\/break", host: "localhost"/,
      );
    expect(await log()).toMatch(/prematurely closed.*request: "GET \/break HTTP\/1\.1"/);
    expect((await log()).split('\n').filter((line) => line.includes(SECRET))).toEqual([]);
  } finally {
    proxy.down();
  }
});
