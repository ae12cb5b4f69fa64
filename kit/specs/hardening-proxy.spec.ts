import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@playwright/test';
import {
  headerOf,
  openRaw,
  plain,
  type RawAnswer,
} from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { EchoProxy } from './support/echo-proxy.ts';
import { expectOwnPage } from './support/own-page.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
/** nginx's timeouts are 10 s; its defaults are 60 s. */
const CUT_OFF_DEADLINE = { deadlineMs: 40_000 };

let proxy: EchoProxy;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  proxy = await EchoProxy.start();
});

test.afterAll(() => proxy?.down());

test('nginx sets the forwarded headers, and those that a client sends do not reach the app', async () => {
  const forged = [
    'X-Forwarded-For: 6.6.6.6',
    'X-Forwarded-For: 7.7.7.7',
    'X-Forwarded-Host: lie.example',
    'X-Forwarded-Proto: lie',
    'X-Real-IP: 6.6.6.6',
    'X-Request-Id: lie',
    'X-Request-Start: t=lie',
    'Forwarded: for=6.6.6.6;host=lie.example',
    'X-Forwarded: lie',
    'X-Forwarded-Port: lie',
    'X-Forwarded-Prefix: /lie',
    'X-Forwarded-Scheme: lie',
    'X-Forwarded-Server: lie',
    'X-Forwarded-Ssl: lie',
    'X-Original-URL: /lie',
    'X-Rewrite-URL: /lie',
    'X-HTTP-Method-Override: LIE',
    'Client-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'X-Client-IP: 6.6.6.6',
    'X-Cluster-Client-IP: 6.6.6.6',
    'Proxy: lie',
    'Upgrade: lie',
    'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'tracestate: lie=lie',
    'X_Forwarded_For: 6.6.6.6',
    'X_Real_IP: lie',
  ];
  const { headers } = await proxy.echo('GET /headers', 'Host: Site.Example:99', ...forged, 'X-Mine: kept');
  const shown = Object.fromEntries(
    headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1]!]] : [])),
  );
  expect(headers.length / 2, 'no header twice').toBe(Object.keys(shown).length);
  expect(JSON.stringify(headers)).not.toMatch(/lie|6\.6\.6\.6|7\.7\.7\.7/i);
  const { 'x-request-id': id, 'x-request-start': begun, 'x-forwarded-for': client, ...others } = shown;
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(begun).toMatch(/^t=\d{10,}\.\d{3}$/);
  expect(client).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(others).toEqual({
    host: 'site.example',
    'x-forwarded-host': 'site.example',
    'x-forwarded-proto': 'http',
    'x-real-ip': client,
    'x-mine': 'kept',
  });
  const entry = await poll('its log entry', () => proxy.logged('/headers'), DEADLINE);
  expect(entry.request_id).toBe(id);
});

test('a request that is too large gets 413, 414 or 431, and the app never gets a complete one', async () => {
  const big = 'a'.repeat(9_000);
  const many = Array.from({ length: 6 }, (_, i) => `X-Large-${i}: ${'a'.repeat(4_000)}`);
  const chunk = 'a'.repeat(0x10000);
  const chunks = Array.from({ length: 17 }, () => `10000\r\n${chunk}\r\n`).join('');
  const cases: [string, string, number][] = [
    ['a body too large', plain('POST /too-large', 'Content-Length: 1048577'), 413],
    [
      'a body that grows too large',
      plain('POST /too-large/chunked', 'Transfer-Encoding: chunked') + chunks,
      413,
    ],
    ['one header too large', plain('GET /too-large', `X-Large: ${big}`), 431],
    ['too many headers', plain('GET /too-large', ...many), 431],
    ['an address too long', plain(`GET /too-large${big}`), 414],
  ];
  for (const [what, request, status] of cases) {
    const answer = await proxy.send(request);
    expect(answer.status, what).toBe(status);
    expectOwnPage(answer, what);
  }
  const fits = 'a'.repeat(1_048_576);
  const { bodyBytes } = JSON.parse(
    (await proxy.send(plain('POST /fits', 'Content-Length: 1048576') + fits)).body,
  ) as { bodyBytes: number };
  expect(bodyBytes).toBe(1_048_576);
  // nginx streams a body of unknown length to the app until it is too large, then aborts the request.
  const seen = (await proxy.seen()).filter((request) => request.includes('too-large'));
  expect(seen.filter((request) => request !== 'POST /too-large/chunked')).toEqual(
    seen.includes('POST /too-large/chunked') ? ['POST /too-large/chunked was cut: aborted'] : [],
  );
});

test('nginx closes the connection of a client that sends or reads too slowly', async () => {
  const held = async (text: string): Promise<Socket> => {
    const socket = openRaw(proxy.port, text);
    await once(socket, 'connect');
    return socket.resume();
  };
  const header = await held('GET /slow-header HTTP/1.1\r\nHost: localhost\r\n');
  const dripping = setInterval(() => header.writable && header.write('X: y\r\n'), 500);
  const body = await held('POST /slow-body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
  const reader = await held('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
  reader.pause();
  try {
    const closed = () => (header.closed && body.closed ? true : undefined);
    await poll('both connections closed', closed, CUT_OFF_DEADLINE);
    // A paused socket gets no close event, so nginx's log shows that the answer was cut.
    const entry = await poll('the log entry of the reader', () => proxy.logged('/big'), CUT_OFF_DEADLINE);
    expect(Number(entry.bytes_sent)).toBeLessThan(64 * 1024 * 1024);
  } finally {
    clearInterval(dripping);
    for (const socket of [header, body, reader]) socket.destroy();
  }
  expect((await poll('the log entry of the body', () => proxy.logged('/slow-body'), DEADLINE)).status).toBe(
    '408',
  );
  expect((await proxy.seen()).filter((request) => request.includes('slow'))).toEqual([]);
});

test('no request target and no Host makes nginx connect to another host', async () => {
  const before = (await proxy.seen()).length;
  const elsewhere = [
    'GET http://prometheus:9090/-/ready',
    'GET http://app:9041/metrics',
    'GET http://192.0.2.1/x',
    'GET //prometheus:9090/-/ready',
    'GET /http://prometheus:9090/-/ready',
  ];
  for (const line of elsewhere) {
    const { url } = JSON.parse((await proxy.send(plain(line))).body) as { url: string };
    expect(line.endsWith(url), `${line} reaches the app as ${url}`).toBe(true);
  }
  const own = await proxy.echo('GET /own', 'Host: prometheus:9090');
  expect(own.url).toBe('/own');
  expect((await proxy.seen()).length - before).toBe(elsewhere.length + 1);
});

test('unsupported methods get 400 or 405', async () => {
  for (const method of ['TRACE', 'FROB', 'PROPFIND', 'CONNECT', 'get']) {
    const answer = await proxy.send(plain(`${method} /method`));
    expect([400, 405], method).toContain(answer.status);
    expectOwnPage(answer, method);
  }
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    expect((await proxy.echo(`${method} /method`, 'Host: localhost', 'Content-Length: 0')).method).toBe(
      method,
    );
  }
  expect((await proxy.seen()).filter((request) => request.endsWith(' /method')).length).toBe(6);
});

test('request-smuggling cases are rejected, or reach the app as one request', async () => {
  const hidden = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const post = 'POST /outer HTTP/1.1\r\nHost: localhost\r\n';
  const rejected: Record<string, string> = {
    'a length and chunks': `${post}Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'chunks and a length': `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`,
    'two lengths': `${post}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    'a list of lengths': `${post}Content-Length: 0, ${hidden.length}\r\n\r\n${hidden}`,
    'a signed length': `${post}Content-Length: +0\r\n\r\n${hidden}`,
    'an unknown coding': `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    'two codings': `${post}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'a chunk of no number': `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n${hidden}`,
    'a chunk too long for a number': `${post}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n${hidden}`,
    'chunks in HTTP/1.0': `POST /outer HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'two hosts': 'GET /outer HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n',
    'no host': 'GET /outer HTTP/1.1\r\n\r\n',
    'a null byte': 'GET /outer HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
    'a space before a colon': `${post}Content-Length : 5\r\n\r\nabcde`,
  };
  for (const [what, request] of Object.entries(rejected)) {
    const answer = await proxy.send(request);
    expect([400, 501], `${what}: ${answer.text.slice(0, 60)}`).toContain(answer.status);
  }
  expect(await proxy.seen()).not.toContain('GET /smuggled');
  expect((await proxy.seen()).filter((request) => request.endsWith('/outer'))).toEqual([]);
  // nginx accepts lines that end with LF alone, and sends CRLF to the app.
  const bare = await proxy.send('GET /bare HTTP/1.1\nHost: localhost\nX-Mine: a\nConnection: close\n\n');
  expect(bare.status).toBe(200);
  expect((JSON.parse(bare.body) as { headers: string[] }).headers.slice(-2)).toEqual(['X-Mine', 'a']);
});

test('when an app worker dies, nginx retries a GET once and a POST never; the 502 has no Retry-After', async () => {
  for (const [method, times] of [
    ['GET', 2],
    ['POST', 1],
  ] as const) {
    const path = `/break?${method}`;
    const answer = await proxy.send(plain(`${method} ${path}`, 'Content-Length: 0'));
    expect(answer.status).toBe(502);
    expect(headerOf(answer, 'Retry-After'), 'the worker may have processed it').toBe(undefined);
    expectOwnPage(answer, method);
    expect((await proxy.seen()).filter((request) => request === `${method} ${path}`).length).toBe(times);
  }
});

test('a request that is not answered in time gets 504 and is not retried', async () => {
  const answer = await fetch(`http://127.0.0.1:${proxy.port}/never?ms=30000`);
  expect(answer.status).toBe(504);
  expect(answer.headers.get('Retry-After')).toBe(null);
  expect(await answer.text()).toContain('No answer');
  expect((await proxy.seen()).filter((request) => request.includes('/never')).length).toBe(1);
});

test('without an app every request gets 503 with Retry-After at once', async () => {
  const answers = async (): Promise<RawAnswer[]> => [
    await proxy.send(plain('GET /down')),
    await proxy.send(plain('POST /down', 'Content-Length: 0')),
  ];
  const all: RawAnswer[] = [];
  await proxy.compose('kill', 'app');
  all.push(...(await answers()));
  await proxy.compose('rm', '--force', 'app');
  all.push(...(await answers()));
  for (const answer of all) {
    expect(answer.status).toBe(503);
    expect(headerOf(answer, 'Retry-After')).toBe('1');
    expectOwnPage(answer, '503');
  }
  await proxy.compose('up', '--detach', '--wait', '--no-deps', 'app');
  await poll(
    'answers again',
    async () => ((await proxy.send(plain('GET /again'))).status === 200 ? true : undefined),
    DEADLINE,
  );
});
