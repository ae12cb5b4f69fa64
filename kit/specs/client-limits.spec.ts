/** Runs each attack from one address against nginx with its shipped limits, while another address sends ordinary requests. */
import { expect, test } from '@playwright/test';
import { type AccessEntry, parseAccessLine } from '../../e2e/support/access-log.ts';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import { alerts, query, sumOfJob } from '../test-kit/prometheus.ts';
import { CONNECTIONS } from './attacking-client/attacks.ts';
import { AttackingClient } from './support/attacking-client.ts';

const START_TIMEOUT_MS = 15 * 60_000;
/** Ordinary requests of each kind while an attack runs. */
const ORDINARY_REQUESTS = 100;
const CLIENT_TIMEOUT_MS = 5_000;
const DEADLINE = { deadlineMs: 60_000 };
/** `limit_conn` in nginx/limits.conf. */
const MAX_PER_CLIENT = 64;
/**
 * Limit of nginx's temporary files: nginx's pid file and its count of the answers it gives itself fit, one body of the attack does not.
 */
const MAX_KILOBYTES = 400;

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    limits: 'shipped',
    overrides: ['kit/test-kit/load.compose.yml'],
  });
});

test.afterAll(() => stack?.down());

/** Sends ordinary requests one after the other and counts the answers by status, or by error. */
async function ordinaryRequests(url: string, init: RequestInit = {}): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let i = 0; i < ORDINARY_REQUESTS; i++) {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS) }).then(
      async (response) => {
        await response.arrayBuffer();
        return String(response.status);
      },
      (error: Error) => `${error.name}: ${String(error.cause ?? error.message)}`,
    );
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  return answers;
}

const upload = (bytes: number) =>
  ordinaryRequests(`${stack.publicUrl}/upload`, { method: 'POST', body: 'x'.repeat(bytes) });

async function logged(): Promise<AccessEntry[]> {
  const log = await docker(['logs', await stack.containerId('nginx')]);
  return log.split('\n').flatMap((line) => parseAccessLine(line) ?? []);
}

/** Used kilobytes of nginx's writable directory, unlinked files included. */
async function usedKilobytes(): Promise<number> {
  const [, line] = (await stack.exec('nginx', 'df', '-Pk', '/tmp')).trim().split('\n');
  return Number(line!.split(/\s+/)[2]);
}

test('one client with 500 requests at a time gets 429, and others reach the app', async () => {
  const client = await AttackingClient.start(stack, 'requests');
  const meanwhile = await ordinaryRequests(`${stack.publicUrl}/ping`).finally(() => client.end());
  const outcomes = await client.end();
  console.log(
    `one client, requests: it got ${JSON.stringify(outcomes)}, another ${JSON.stringify(meanwhile)}`,
  );
  expect(meanwhile).toEqual({ 200: ORDINARY_REQUESTS });
  expect(outcomes[429]).toBeGreaterThan(0);
  expect(outcomes[503] ?? 0, 'the app never reaches its limit').toBe(0);
});

test('one client with 154 endless bodies uses no disk, and each body times out', async () => {
  test.setTimeout(180_000);
  const client = await AttackingClient.start(stack, 'bodies');
  try {
    const meanwhile = [
      await ordinaryRequests(`${stack.publicUrl}/ping`),
      await upload(100),
      await upload(100_000),
      await upload(1_000_000),
    ];
    console.log(`one client, bodies: another got ${JSON.stringify(meanwhile)}`);
    expect(meanwhile).toEqual(Array.from(meanwhile, () => ({ 200: ORDINARY_REQUESTS })));
    expect(await usedKilobytes()).toBeLessThan(MAX_KILOBYTES);
    const late = await poll(
      'a 408 for each body in the app',
      async () => {
        const entries = (await logged()).filter(({ status }) => status === '408');
        return entries.length >= MAX_PER_CLIENT ? entries : undefined;
      },
      DEADLINE,
    );
    // The app answers 408: its timeout is for the whole body, nginx's for the gap between two reads.
    expect(late.filter(({ upstream_status }) => upstream_status !== '408')).toEqual([]);
  } finally {
    const outcomes = await client.end();
    console.log(`one client, bodies: it got ${JSON.stringify(outcomes)}`);
    expect(outcomes[429]).toBeGreaterThan(0);
  }
});

for (const [attack, what] of [
  ['small-bodies', 'endless bodies of 9,999 bytes'],
  ['readers', 'unread answers of 8 MB'],
  ['flood', 'requests at full speed'],
  ['quotes', 'URLs of 7,900 quotes at full speed'],
  ['unparsed', 'requests that the parser rejects at full speed'],
] as const) {
  test(`one client with ${what} does not exhaust memory, disk or the app`, async () => {
    const startedAt = await stack.startedAt('nginx');
    const client = await AttackingClient.start(stack, attack);
    try {
      const meanwhile = [
        await ordinaryRequests(`${stack.publicUrl}/ping`),
        await upload(100_000),
        await ordinaryRequests(`${stack.metricsUrl}/metrics`),
      ];
      expect(meanwhile).toEqual(Array.from(meanwhile, () => ({ 200: ORDINARY_REQUESTS })));
      expect(await usedKilobytes()).toBeLessThan(MAX_KILOBYTES);
      expect(await stack.startedAt('nginx')).toBe(startedAt);
    } finally {
      const outcomes = await client.end();
      console.log(`one client, ${attack}: it got ${JSON.stringify(outcomes)}`);
      if (attack !== 'readers') expect(outcomes[429]).toBeGreaterThan(0);
    }
  });
}

test('one client with 8,192 connections with incomplete headers leaves both ports and the metrics usable', async () => {
  test.setTimeout(240_000);
  const accepted = async () => sumOfJob(stack.prometheusUrl, 'nginx', 'nginx_connections_accepted');
  const [before, startedAt] = [
    await poll('the first scrape', accepted, DEADLINE),
    await stack.startedAt('nginx'),
  ];
  const client = await AttackingClient.start(stack, 'half-heads');
  const began = Date.now();
  let rounds = 0;
  try {
    // nginx has closed all connections twice, and the client has opened them again.
    await poll(
      'a third wave of connections',
      async () => {
        const meanwhile = [
          await ordinaryRequests(`${stack.publicUrl}/ping`),
          await ordinaryRequests(`${stack.metricsUrl}/metrics`),
        ];
        expect(meanwhile).toEqual([{ 200: ORDINARY_REQUESTS }, { 200: ORDINARY_REQUESTS }]);
        rounds += 1;
        return (await accepted()) - before > 2 * CONNECTIONS ? true : undefined;
      },
      { deadlineMs: 120_000 },
    );
    const seconds = Math.ceil((Date.now() - began) / 1000);
    const least = async (expression: string) => {
      const [result] = await query(stack.prometheusUrl, `min_over_time(${expression}[${seconds}s])`);
      return result?.value;
    };
    expect(await least('nginx_up')).toBe(1);
    expect(await least('up{job="nginx"}')).toBe(1);
    // nginx raises the two numbers one after the other.
    await poll(
      'a scrape without dropped connections',
      async () => {
        const dropped = 'nginx_connections_accepted - nginx_connections_handled';
        return (await query(stack.prometheusUrl, dropped))[0]?.value === 0 || undefined;
      },
      { deadlineMs: 30_000 },
    );
    const wrong = (await alerts(stack.prometheusUrl)).filter(({ name }) =>
      /^(Nginx(Down|Conn)|Target)/.test(name),
    );
    expect(wrong).toEqual([]);
    expect(await stack.startedAt('nginx')).toBe(startedAt);
  } finally {
    const outcomes = await client.end();
    console.log(
      `one client, connections: it got ${JSON.stringify(outcomes)}, another ${rounds} x 2 x 100 answers`,
    );
  }
});
