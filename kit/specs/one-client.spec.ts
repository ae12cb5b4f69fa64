/** Each attack runs from one address against nginx as it is shipped, while another address asks for what it is there for. */
import { expect, test } from '@playwright/test';
import { type AccessEntry, parseAccessLine } from '../../e2e/support/access-log.ts';
import { Stack } from '../../e2e/support/stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import { alerts, query, sumOfJob } from '../test-kit/prometheus.ts';
import { CONNECTIONS } from './other-client/attacks.ts';
import { OtherClient } from './support/other-client.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const ASKED = 100;
/** A client that waits longer has given up. */
const CLIENT_TIMEOUT_MS = 5_000;
const DEADLINE = { deadlineMs: 60_000 };
/** nginx/limits.conf. */
const MOST_OF_ONE_CLIENT = 64;
/** Its pid, and what is counted and logged; one body of the attack is larger. */
const MOST_KILOBYTES = 400;

let stack: Stack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await Stack.start({
    sharing: true,
    limits: 'shipped',
    overrides: ['kit/test-kit/load.compose.yml'],
  });
});

test.afterAll(() => stack?.down());

/** What a client gets that asks so often, one after the other; each in its own time. */
async function asked(url: string, init: RequestInit = {}): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let i = 0; i < ASKED; i++) {
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
  asked(`${stack.publicUrl}/upload`, { method: 'POST', body: 'x'.repeat(bytes) });
async function logged(): Promise<AccessEntry[]> {
  const log = await docker(['logs', await stack.containerId('nginx')]);
  return log.split('\n').flatMap((line) => parseAccessLine(line) ?? []);
}

/** Kilobytes of nginx' one place to write that are in use, by files without a name too. */
async function usedKilobytes(): Promise<number> {
  const [, line] = (await stack.exec('nginx', 'df', '-Pk', '/tmp')).trim().split('\n');
  return Number(line!.split(/\s+/)[2]);
}

test('one client with 500 requests at one time leaves the app to the others, and gets 429', async () => {
  const client = await OtherClient.start(stack, 'requests');
  const meanwhile = await asked(`${stack.publicUrl}/ping`).finally(() => client.end());
  const outcomes = await client.end();
  console.log(
    `one client, requests: it got ${JSON.stringify(outcomes)}, another ${JSON.stringify(meanwhile)}`,
  );
  expect(meanwhile).toEqual({ 200: ASKED });
  expect(outcomes[429]).toBeGreaterThan(0);
  expect(outcomes[503] ?? 0, 'the app is never full').toBe(0);
});

test('one client with 154 bodies that never end fills no disk, and each has a deadline', async () => {
  test.setTimeout(180_000);
  const client = await OtherClient.start(stack, 'bodies');
  try {
    const meanwhile = [
      await asked(`${stack.publicUrl}/ping`),
      await upload(100),
      await upload(100_000),
      await upload(1_000_000),
    ];
    console.log(`one client, bodies: another got ${JSON.stringify(meanwhile)}`);
    expect(meanwhile).toEqual(Array.from(meanwhile, () => ({ 200: ASKED })));
    expect(await usedKilobytes()).toBeLessThan(MOST_KILOBYTES);
    const late = await poll(
      'the deadline',
      async () => {
        const entries = (await logged()).filter(({ status }) => status === '408');
        return entries.length >= MOST_OF_ONE_CLIENT ? entries : undefined;
      },
      DEADLINE,
    );
    // By the app, whose deadline is for all of it: nginx' own is for the gap between two bytes.
    expect(late.filter(({ upstream_status }) => upstream_status !== '408')).toEqual([]);
  } finally {
    const outcomes = await client.end();
    console.log(`one client, bodies: it got ${JSON.stringify(outcomes)}`);
    expect(outcomes[429]).toBeGreaterThan(0);
  }
});

for (const [attack, what] of [
  ['small-bodies', 'bodies of 9,999 bytes that never end'],
  ['readers', 'answers of 8 MB that it does not read'],
  ['flood', 'requests as fast as it can'],
  ['quotes', 'addresses of 7,900 quotes as fast as it can'],
  ['unparsed', 'requests that the parser refuses as fast as it can'],
] as const) {
  test(`one client with ${what} leaves memory, disk and the app to the others`, async () => {
    const startedAt = await stack.startedAt('nginx');
    const client = await OtherClient.start(stack, attack);
    try {
      const meanwhile = [
        await asked(`${stack.publicUrl}/ping`),
        await upload(100_000),
        await asked(`${stack.doorUrl}/metrics`),
      ];
      expect(meanwhile).toEqual(Array.from(meanwhile, () => ({ 200: ASKED })));
      expect(await usedKilobytes()).toBeLessThan(MOST_KILOBYTES);
      expect(await stack.startedAt('nginx')).toBe(startedAt);
    } finally {
      const outcomes = await client.end();
      console.log(`one client, ${attack}: it got ${JSON.stringify(outcomes)}`);
      if (attack !== 'readers') expect(outcomes[429]).toBeGreaterThan(0);
    }
  });
}

test('one client with 8,192 connections that say half a head leaves both ports and what is measured to the others', async () => {
  test.setTimeout(240_000);
  const accepted = async () => sumOfJob(stack.prometheusUrl, 'nginx', 'nginx_connections_accepted');
  const [before, startedAt] = [
    await poll('the first scrape', accepted, DEADLINE),
    await stack.startedAt('nginx'),
  ];
  const client = await OtherClient.start(stack, 'half-heads');
  const began = Date.now();
  let rounds = 0;
  try {
    // Until they have been ended by nginx and opened again, and that twice.
    await poll(
      'a third wave of connections',
      async () => {
        const meanwhile = [await asked(`${stack.publicUrl}/ping`), await asked(`${stack.doorUrl}/metrics`)];
        expect(meanwhile).toEqual([{ 200: ASKED }, { 200: ASKED }]);
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
    const [dropped] = await query(
      stack.prometheusUrl,
      'nginx_connections_accepted - nginx_connections_handled',
    );
    expect(dropped?.value, 'connections that nginx closed as it had too many').toBe(0);
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
