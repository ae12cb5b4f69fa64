/** nginx's limits for one client and for all clients. */
import type { Socket } from 'node:net';
import { expect, test } from '@playwright/test';
import {
  headerOf,
  openRaw,
  plain,
  type RawAnswer,
  readAnswer,
} from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { EchoProxy } from './support/echo-proxy.ts';
import { expectOwnPage } from './support/own-page.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
/** `max_conns` of both upstream entries in nginx/compose.conf. */
const MAX_IN_APP = 256;
const MAX_PER_CLIENT = 64;
const BURST = 1000;

let proxy: EchoProxy;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  proxy = await EchoProxy.start();
});

test.afterAll(() => proxy?.down());

test('when an app worker dies, nginx retries a PUT once if its body is below 10 kB, and never if it is larger', async () => {
  for (const [bytes, times] of [
    [9_999, 2],
    [200_000, 1],
  ] as const) {
    const path = `/break?bytes=${bytes}`;
    const body = 'x'.repeat(bytes);
    const answer = await proxy.send(plain(`PUT ${path}`, `Content-Length: ${bytes}`) + body);
    expect(answer.status).toBe(502);
    expectOwnPage(answer, path);
    expect((await proxy.seen()).filter((request) => request === `PUT ${path}`).length, path).toBe(times);
  }
});

test('a body of 10 kB or more is streamed to the app, and its connection is closed after the answer', async () => {
  const post10k = 'POST /kept-short HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\nabc';
  const held = openRaw(proxy.port, post10k);
  try {
    const seen = async () => ((await proxy.seen()).includes('POST /kept-short') ? true : undefined);
    await poll('the app gets the request before its body is complete', seen, DEADLINE);
  } finally {
    held.destroy();
  }
  const post = (bytes: number) =>
    proxy.send(
      `POST /again HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}` +
        plain('GET /again'),
    );
  expect((await post(10_000)).text).toMatch(/^Connection: close\r$/m);
  const [, small] = (await post(9_999)).text.split(/(?=HTTP\/1\.1 )/);
  expect(small, 'the connection of a small body is reused').toMatch(/^HTTP\/1\.1 200 /);
});

test('requests above 256 in the app get 503 at once, and later requests are served again', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const all = await EchoProxy.start(['kit/test-kit/load-limits.compose.yml']);
  try {
    await overloadApp(all);
  } finally {
    all.down();
  }
});

async function overloadApp(proxy: EchoProxy): Promise<void> {
  const at = async (path: string, times: number, answers: RawAnswer[] = []) => {
    const post = async () => answers.push(await proxy.send(plain(`POST ${path}`, 'Content-Length: 0')));
    await Promise.all(Array.from({ length: times }, post));
    return answers;
  };
  const answers: RawAnswer[] = [];
  const all = at('/kept', MAX_IN_APP + 100, answers);
  // The app answers no request until the rejected ones have their answer.
  await poll('the rejected requests', () => (answers.length >= 100 ? true : undefined), DEADLINE);
  await proxy.release();
  await all;
  const shed = answers.filter(({ status }) => status === 503);
  const served = answers.filter(({ status }) => status === 200);
  expect(served.length + shed.length).toBe(answers.length);
  expect(served.length).toBe(MAX_IN_APP);
  for (const answer of shed) {
    expect(headerOf(answer, 'Retry-After')).toBe('1');
    expectOwnPage(answer, '503');
  }
  const after = await at('/after', 100);
  expect(after.filter(({ status }) => status !== 200)).toEqual([]);
}

test('one client has at most 64 requests at a time and gets 429 for more', async () => {
  const sockets: Socket[] = [];
  const statuses: number[] = [];
  try {
    for (let i = 0; i < MAX_PER_CLIENT + 40; i++) {
      // nginx waits for the body, so the request counts.
      const head = 'POST /held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n';
      const socket = openRaw(proxy.port, head).setEncoding('latin1');
      socket.once('data', (text: string) => statuses.push(readAnswer(text).status));
      sockets.push(socket);
    }
    await poll('the rejected requests', () => (statuses.length >= 40 ? true : undefined), DEADLINE);
    expect(statuses).toEqual(Array.from({ length: 40 }, () => 429));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await poll(
    'a free place',
    async () => ((await proxy.send(plain('GET /room'))).status === 200 ? true : undefined),
    DEADLINE,
  );
});

test('one client has a request rate and gets 429 above it', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const slow = await EchoProxy.start(['kit/specs/fixtures/low-limits.compose.yml']);
  try {
    const connections = 4;
    const requests = BURST;
    const pipelined = Array.from(
      { length: requests / 2 - 1 },
      () => 'GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    const answers = await Promise.all(
      Array.from({ length: connections }, () => slow.send(pipelined.join('') + plain('GET /x'))),
    );
    const count = (status: number) =>
      answers.reduce(
        (sum, { text }) => sum + [...text.matchAll(new RegExp(`HTTP/1.1 ${status} `, 'g'))].length,
        0,
      );
    const [ok, rejected] = [count(200), count(429)];
    expect(ok + rejected).toBe((connections * requests) / 2);
    expect(ok).toBeGreaterThanOrEqual(BURST);
    expect(rejected).toBeGreaterThan(0);
    // A further request could be within the rate again, so a rejected one of the above is checked.
    const rejecting = answers.find(({ text }) => text.includes('HTTP/1.1 429 '))!.text;
    const text = rejecting.slice(rejecting.indexOf('HTTP/1.1 429 ')).split(/(?=HTTP\/1\.1 )/, 1)[0]!;
    const answer = { status: 429, text, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
    expect(headerOf(answer, 'Retry-After')).toBe('1');
    expectOwnPage(answer, '429');
  } finally {
    slow.down();
  }
});
