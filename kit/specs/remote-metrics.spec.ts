import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { containerLog } from '../test-kit/docker.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
/** In kit/specs/remote-metrics/. */
const PASSWORD = 'only-for-this-test-password';
const TOKEN = 'Only.for+this/test-token';
const CREDENTIALS = './kit/specs/remote-metrics/credentials';

let stack: ComposeStack;
let url: string;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['nginx/remote-metrics.compose.yml', 'kit/specs/fixtures/remote-metrics.compose.yml'],
    environment: { REMOTE_METRICS_PORT: '0', METRICS_CREDENTIALS: CREDENTIALS },
  });
  url = await stack.published('nginx', 9050);
});

test.afterAll(() => stack?.down());

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The rate limit of one client is low: waits until it answers. */
async function ask(path: string, authorization?: string, init: RequestInit = {}): Promise<Response> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return poll(
    `an answer other than 429 to ${path}`,
    async () => {
      const answer = await fetch(url + path, { ...init, headers });
      return answer.status === 429 ? undefined : answer;
    },
    DEADLINE,
  );
}

test('the metrics need a password or a token: 401 without or with wrong ones, 200 with each kind', async () => {
  const wrong = [
    undefined,
    '',
    'Basic',
    'Bearer',
    basic('prometheus', ''),
    basic('prometheus', 'wrong'),
    basic('', PASSWORD),
    basic('other', PASSWORD),
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN.replace('.', 'x')}`,
    `Basic ${TOKEN}`,
    `Bearer ${PASSWORD}`,
  ];
  for (const authorization of wrong) {
    const answer = await ask('/metrics', authorization);
    expect(answer.status, authorization).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="metrics"');
    expect(await answer.text(), authorization).not.toMatch(/# TYPE|nginx/);
  }
  for (const authorization of [basic('prometheus', PASSWORD), `Bearer ${TOKEN}`]) {
    const answer = await ask('/metrics', authorization);
    expect(answer.status, authorization).toBe(200);
    expect(await answer.text()).toContain('# TYPE http_requests_total counter');
  }
});

test('with credentials it serves nothing but /metrics, and takes no writes', async () => {
  const authorization = `Bearer ${TOKEN}`;
  for (const path of ['/', '/status', '/targets', '/metrics/', '/metrics/workers/0', '/demo/unshared'])
    expect((await ask(path, authorization)).status, path).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect((await ask('/metrics', authorization, { method })).status, method).toBe(405);
});

test('a client that tries many passwords gets 429', async () => {
  const tries = Array.from({ length: 40 }, (_, i) =>
    fetch(`${url}/metrics`, { headers: { Authorization: basic('prometheus', `guess-${i}`) } }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

test('the scrape configuration of the page works, with a password and with a token, and fails without', async () => {
  const up = async () => {
    const query = 'http://127.0.0.1:9090/api/v1/query?query=up';
    const answer = await stack.exec('prometheus-elsewhere', 'wget', '-q', '-O', '-', query);
    const { data } = JSON.parse(answer) as {
      data: { result: { metric: { job: string }; value: [number, string] }[] };
    };
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric.job, value[1]]));
  };
  await poll(
    'both scrapes',
    async () => {
      const seen = await up();
      return (seen.password === '1' && seen.token === '1' && seen.nothing === '0') || undefined;
    },
    DEADLINE,
  );
});

test('no log contains a credential, and the metrics on loopback need none', async () => {
  for (const service of ['app', 'nginx', 'prometheus-elsewhere']) {
    const log = await containerLog(await stack.containerId(service));
    for (const secret of [PASSWORD, TOKEN, basic('prometheus', PASSWORD)])
      expect(log, service).not.toContain(secret);
  }
  expect((await fetch(`${stack.metricsUrl}/metrics`)).status).toBe(200);
});

test('nginx does not start without a credential, and says why', async () => {
  const directory = temporaryDirectory(thisProcess);
  chmodSync(directory, 0o755);
  for (const [text, message] of [
    ['# nothing\n', 'METRICS_CREDENTIALS contains no credentials'],
    ['prometheus:secret\n', 'METRICS_CREDENTIALS, line 1: expected NAME:HASH or Bearer TOKEN'],
    ['Bearer secret\n', 'METRICS_CREDENTIALS, line 1: the token has fewer than 20 characters'],
  ] as const) {
    const file = join(directory, 'credentials');
    writeFileSync(file, text);
    // As compose mounts a secret.
    const given = ['--volume', `${file}:/run/secrets/metrics-credentials:ro`];
    const error = await stack.compose('run', '--rm', '--no-deps', ...given, 'nginx').then(
      () => undefined,
      (thrown: Error & { code: number; stderr: string }) => thrown,
    );
    expect(error?.code, text).toBe(1);
    expect(error?.stderr, text).toContain(`error: ${message}`);
    expect(error?.stderr, 'nginx itself').not.toContain('[emerg]');
  }
});
