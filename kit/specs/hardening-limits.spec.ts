/** How much nginx lets through, of one client and of all. */
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
/** Of both upstream entries together; see nginx/compose.conf. */
const MOST_AT_THE_APP = 256;
const MOST_OF_ONE_CLIENT = 64;
const BURST = 1000;

let proxy: EchoProxy;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  proxy = await EchoProxy.start();
});

test.afterAll(() => proxy?.down());

test('a PUT whose worker dies is sent once more where its body is small; a larger body is not kept for that', async () => {
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

test('a body that is not small goes on as it arrives, and its connection is not used again', async () => {
  const post10k = 'POST /kept-short HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\nabc';
  const held = openRaw(proxy.port, post10k);
  try {
    const seen = async () => ((await proxy.seen()).includes('POST /kept-short') ? true : undefined);
    await poll('the app sees it before it is whole', seen, DEADLINE);
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
  expect(small, 'a small one is followed by another request').toMatch(/^HTTP\/1\.1 200 /);
});

test('beyond what the app can work on requests get a 503 at once, and afterwards all is as before', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const all = await EchoProxy.start(['kit/test-kit/load-limits.compose.yml']);
  try {
    await beyondTheApp(all);
  } finally {
    all.down();
  }
});

async function beyondTheApp(proxy: EchoProxy): Promise<void> {
  const at = async (path: string, times: number, answers: RawAnswer[] = []) => {
    const post = async () => answers.push(await proxy.send(plain(`POST ${path}`, 'Content-Length: 0')));
    await Promise.all(Array.from({ length: times }, post));
    return answers;
  };
  const answers: RawAnswer[] = [];
  const all = at('/kept', MOST_AT_THE_APP + 100, answers);
  // The app answers nobody until those beyond have their answer.
  await poll('the refused ones', () => (answers.length >= 100 ? true : undefined), DEADLINE);
  await proxy.release();
  await all;
  const shed = answers.filter(({ status }) => status === 503);
  const served = answers.filter(({ status }) => status === 200);
  expect(served.length + shed.length).toBe(answers.length);
  expect(served.length).toBe(MOST_AT_THE_APP);
  for (const answer of shed) {
    expect(headerOf(answer, 'Retry-After')).toBe('1');
    expectOwnPage(answer, '503');
  }
  const after = await at('/after', 100);
  expect(after.filter(({ status }) => status !== 200)).toEqual([]);
}

test('one client has so many requests at one time, and 429 beyond', async () => {
  const sockets: Socket[] = [];
  const statuses: number[] = [];
  try {
    for (let i = 0; i < MOST_OF_ONE_CLIENT + 40; i++) {
      // nginx waits for the body: the request is being processed.
      const head = 'POST /held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n';
      const socket = openRaw(proxy.port, head).setEncoding('latin1');
      socket.once('data', (text: string) => statuses.push(readAnswer(text).status));
      sockets.push(socket);
    }
    await poll('the refused ones', () => (statuses.length >= 40 ? true : undefined), DEADLINE);
    expect(statuses).toEqual(Array.from({ length: 40 }, () => 429));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await poll(
    'room again',
    async () => ((await proxy.send(plain('GET /room'))).status === 200 ? true : undefined),
    DEADLINE,
  );
});

test('one client has a rate, and 429 beyond', async () => {
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
    const [ok, refused] = [count(200), count(429)];
    expect(ok + refused).toBe((connections * requests) / 2);
    expect(ok).toBeGreaterThanOrEqual(BURST);
    expect(refused).toBeGreaterThan(0);
    // One more request might come when the rate has room again: a refused one of those above is looked at.
    const refusing = answers.find(({ text }) => text.includes('HTTP/1.1 429 '))!.text;
    const text = refusing.slice(refusing.indexOf('HTTP/1.1 429 ')).split(/(?=HTTP\/1\.1 )/, 1)[0]!;
    const answer = { status: 429, text, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
    expect(headerOf(answer, 'Retry-After')).toBe('1');
    expectOwnPage(answer, '429');
  } finally {
    slow.down();
  }
});
