import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import { startLoad } from '../test-kit/load.ts';
import { query } from '../test-kit/prometheus.ts';
import { getText } from '../test-kit/scrape.ts';
import { inspect } from './support/container-facts.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 120_000, everyMs: 1_000 };
const ANSWER_TIMEOUT_MS = 10_000;
const PINGS = 50;
/** The key of series without the label `deployment`. */
const UNNAMED = '';
const RECEIVER_URL = 'http://receiver:9090/api/v1/write';
const PASSWORD = readFileSync(resolve(import.meta.dirname, 'remote-write/password'), 'utf8').trim();
const AUTHORIZATION = `Authorization: Basic ${Buffer.from(`kit:${PASSWORD}`).toString('base64')}`;

const ALERTS = readFileSync(resolve(import.meta.dirname, '../../prometheus/rules/alerts.yml'), 'utf8');
const ALERT_SELECTORS = new Set(ALERTS.match(/prometheus_remote_storage_\w+\{[^}]*\}/g));

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: [
      'prometheus/remote-write.compose.yml',
      'prometheus/remote-write-credentials.compose.yml',
      'kit/specs/fixtures/remote-write.compose.yml',
    ],
    environment: {
      REMOTE_WRITE_URL: RECEIVER_URL,
      REMOTE_WRITE_USERNAME: 'kit',
      REMOTE_WRITE_CREDENTIALS: './kit/specs/remote-write/password',
      REMOTE_WRITE_DEPLOYMENT: 'by-password',
    },
  });
});

test.afterAll(() => stack?.down());

const within = (service: string, ...command: string[]) =>
  stack.compose('exec', '--no-TTY', service, ...command);

/** Queries the receiver from inside its container, because its port is not published. Returns values by `deployment`. */
async function received(expression: string, ...headers: string[]): Promise<Record<string, number>> {
  const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(expression)}`;
  const options = headers.flatMap((header) => ['--header', header]);
  const { data } = JSON.parse(await within('receiver', 'wget', '-q', '-O', '-', ...options, url)) as {
    data: { result: { metric: { deployment?: string }; value: [number, string] }[] };
  };
  return Object.fromEntries(
    data.result.map(({ metric, value }) => [metric.deployment ?? UNNAMED, Number(value[1])]),
  );
}

test('another Prometheus receives all samples, without credentials, with a password and with a token', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const load = { connections: 2, maxRequests: PINGS, durationMs: 60_000, requestTimeoutMs: 20_000 };
  const { byStatus } = await startLoad({ ...load, url: `${stack.publicUrl}/ping` }).done;
  expect(byStatus).toEqual({ 200: PINGS });
  const pings = 'sum by (deployment) (http_requests_total{job="app",route="/ping"})';
  const seen = await poll(
    `${PINGS} pings of each at the receiver`,
    async () => {
      const now = await received(pings, AUTHORIZATION);
      const all = ['by-password', 'by-token', UNNAMED].every((name) => now[name] === PINGS);
      if (!all) throw new Error(JSON.stringify(now));
      return now;
    },
    DEADLINE,
  );
  await poll(
    'a series that already has a label `deployment` keeps its value at the receiver',
    async () => (await received('up{job="labelled",deployment="its-own"}', AUTHORIZATION))['its-own'],
    DEADLINE,
  );
  expect(ALERT_SELECTORS.size).toBe(4);
  // From Prometheus 3.7 on there is one timestamp per queue, before one for all; the alert uses the one that exists.
  const [newest, others] = [/_highest_timestamp_/, /^(?!.*_highest_timestamp_)/].map((pattern) =>
    [...ALERT_SELECTORS].filter((selector) => pattern.test(selector)),
  );
  expect([newest!.length, others!.length]).toEqual([2, 2]);
  for (const selector of [newest!.join(' or '), ...others!]) {
    await poll(
      selector,
      async () => ((await query(stack.prometheusUrl, selector)).length > 0 ? true : undefined),
      DEADLINE,
    );
  }
  const failed = await query(stack.prometheusUrl, 'sum(prometheus_remote_storage_samples_failed_total)');
  expect(failed.map(({ value }) => value)).toEqual([0]);
  const series = await received('count by (deployment) ({deployment!=""})', AUTHORIZATION);
  console.log(
    `remote write: ${JSON.stringify(seen)} pings, ${JSON.stringify(series)} series at the receiver`,
  );
  expect(Object.keys(series).sort()).toEqual(['by-password', 'by-token', 'its-own']);
  const own = await query(stack.prometheusUrl, 'count({deployment!=""})');
  expect(own, 'the label is only on samples that are sent').toEqual([]);
  await expect(received(pings), 'the receiver requires a password').rejects.toThrow(/401/);
});

test('the password is only in its file', async () => {
  const { Config } = await inspect(stack, 'prometheus');
  const shown = {
    'docker inspect': await docker(['inspect', await stack.containerId('prometheus')]),
    'the image': await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', Config.Image]),
    'the process list': await within('prometheus', 'sh', '-c', "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"),
    'the configuration as written': await within(
      'prometheus',
      'cat',
      '/prometheus/configuration/prometheus.yml',
    ),
    'the configuration as shown': await getText(
      `${stack.prometheusUrl}/api/v1/status/config`,
      ANSWER_TIMEOUT_MS,
    ),
    'the log': await stack.compose('logs', '--no-color', 'prometheus'),
  };
  for (const [where, text] of Object.entries(shown)) expect(text, where).not.toContain(PASSWORD);
  for (const where of ['docker inspect', 'the configuration as shown'] as const) {
    expect(shown[where], where).toContain(RECEIVER_URL);
  }
  expect(await within('prometheus', 'cat', '/run/secrets/remote-write-credentials')).toContain(PASSWORD);
});

test('a start with a credential and an http:// URL logs a warning', async () => {
  const warned = (service: string) => stack.compose('logs', '--no-color', service);
  const warning = 'warning: REMOTE_WRITE_URL begins with http://';
  expect(await warned('prometheus')).toContain(warning);
  expect(await warned('prometheus-with-token')).toContain(warning);
  expect(await warned('prometheus-plain'), 'without a credential').not.toContain(warning);
});

test('an invalid URL or name fails the start, and the message does not show it', async () => {
  const startWith = (url: string, username = '') =>
    stack.compose(
      ...[
        'exec',
        '--no-TTY',
        '--env',
        `REMOTE_WRITE_URL=${url}`,
        '--env',
        `REMOTE_WRITE_USERNAME=${username}`,
      ],
      ...['prometheus', 'run-prometheus', '--version'],
    );
  for (const [url, username, reason] of [
    ['receiver:9090', 'kit', 'REMOTE_WRITE_URL is not a URL'],
    ['https://', 'kit', 'REMOTE_WRITE_URL is not a URL'],
    ['https:///api/v1/write', 'kit', 'REMOTE_WRITE_URL is not a URL'],
    ['https://kit:hidden@receiver/api/v1/write', '', 'REMOTE_WRITE_URL contains a user name or a password'],
    ["https://receiver/'", 'kit', 'REMOTE_WRITE_URL contains a character that a URL cannot contain'],
    ['https://receiver/|w x', 'kit', 'REMOTE_WRITE_URL contains a character that a URL cannot contain'],
    ['https://receiver/', "kit'", 'REMOTE_WRITE_USERNAME or REMOTE_WRITE_DEPLOYMENT is invalid'],
  ] as const) {
    const error = await startWith(url, username).then(
      () => undefined,
      (thrown: Error & { code: number; stderr: string }) => thrown,
    );
    expect([error?.code, error?.stderr.split('\n')[0]], url).toEqual([1, `error: ${reason}`]);
    expect(error!.stderr).not.toContain('hidden');
  }
  expect(await startWith('https://receiver/w?a=1&b=%7E', 'kit')).toContain('prometheus, version');
});
