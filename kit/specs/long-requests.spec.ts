import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { expect, test } from '@playwright/test';
import { WebSocket } from 'ws';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { type RawAnswer, sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
const MIB = 1024 * 1024;
/** Longer than nginx waits for an ordinary answer. */
const LATE_MS = 11_000;
const UPLOADS = 8;

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['kit/specs/fixtures/long-requests.compose.yml'],
  });
});

test.afterAll(() => stack?.down());

async function openWebSocket(path: string) {
  const socket = new WebSocket(stack.publicUrl.replace('http', 'ws') + path);
  const closed = once(socket, 'close') as Promise<[code: number]>;
  await once(socket, 'open');
  const echo = async (text: string): Promise<string> => {
    socket.send(text);
    const [answer] = await once(socket, 'message');
    return String(answer);
  };
  return { socket, closed, echo };
}

/** Opens an event stream. `next` resolves with the next events that arrive together, or undefined at the end. */
async function openEvents(path: string) {
  const { body, status } = await fetch(stack.publicUrl + path);
  expect(status).toBe(200);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  return { next: async () => (await reader.read()).value, cancel: () => reader.cancel() };
}

interface Received {
  readonly bytes: number;
  readonly headers: Record<string, string>;
}

/** Sends all bytes of an upload but the last. `end` sends that and returns what the app received. */
async function beginUpload(bytes: number) {
  const upload: ClientRequest = request(`${stack.publicUrl}/live/upload`, {
    method: 'POST',
    agent: false,
    headers: { 'Content-Length': bytes },
  });
  const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
  // Reported by end().
  answered.catch(() => {});
  await new Promise<void>((sent) => upload.write(Buffer.alloc(bytes - 1), () => sent()));
  return {
    async end(): Promise<{ status: number | undefined; received: Received }> {
      upload.end('x');
      const [res] = await answered;
      return { status: res.statusCode, received: (await new Response(res as never).json()) as Received };
    },
  };
}

const handshake = (line: string, protocol: string): Promise<RawAnswer> =>
  sendRaw(
    Number(new URL(stack.publicUrl).port),
    [
      `${line} HTTP/1.1`,
      'Host: localhost',
      'Connection: Upgrade, close',
      `Upgrade: ${protocol}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
  );

test('WebSockets, event streams, late answers and large uploads pass on a path of long-requests.conf', async () => {
  const late = fetch(`${stack.publicUrl}/live/late?ms=${LATE_MS}`);
  const { socket, echo } = await openWebSocket('/live/chat');
  expect(await echo('hello')).toBe('echo of hello');
  expect(await echo('x'.repeat(100_000))).toBe(`echo of ${'x'.repeat(100_000)}`);
  socket.terminate();
  const events = await openEvents('/live/events');
  let received = '';
  while (!received.includes('data: 3')) {
    const next = await events.next();
    expect(next, 'the stream has not ended').toBeDefined();
    received += next;
  }
  expect(received).toMatch(/^data: 1\n\ndata: 2\n\ndata: 3\n\n/);
  await events.cancel();
  const upload = await beginUpload(40 * MIB);
  const { status, received: body } = await upload.end();
  expect([status, body.bytes]).toEqual([200, 40 * MIB]);
  expect(body.headers['x-forwarded-proto']).toBe('http');
  const answer = await late;
  expect([answer.status, await answer.text()]).toEqual([200, 'late']);
});

test('on other paths, and for other protocols and methods, no upgrade is passed on, and bodies and answers keep their limits', async () => {
  for (const [line, protocol] of [
    ['GET /other/chat', 'websocket'],
    ['GET /live/chat', 'h2c'],
    ['GET /live/chat', 'websocket, h2c'],
    ['POST /live/chat', 'websocket'],
  ] as const) {
    const { status, body } = await handshake(line, protocol);
    expect(status, `${line} ${protocol}`).toBe(200);
    expect((JSON.parse(body) as Received).headers.upgrade, `${line} ${protocol}`).toBe(undefined);
  }
  const large = await fetch(`${stack.publicUrl}/other/upload`, { method: 'POST', body: 'x'.repeat(2 * MIB) });
  expect(large.status).toBe(413);
  expect((await fetch(`${stack.publicUrl}/other/late?ms=${LATE_MS}`)).status).toBe(504);
});

const replacements = [
  {
    what: 'reload',
    start: () => stack.script('reload'),
    draining: '"msg":"worker ready"',
    ended: /^reloaded: 4 workers\n$/,
  },
  {
    what: 'deploy',
    start: () => stack.deploy(),
    draining: '"msg":"draining"',
    ended: /^deployed: \S+ replaced \S+\n$/,
  },
];

for (const { what, start, draining, ended } of replacements) {
  test(`a ${what} closes WebSockets with 1001, ends event streams and fails no upload; clients find new workers`, async () => {
    test.setTimeout(START_TIMEOUT_MS);
    const lines: string[] = [];
    const log = await stack.followLog('app', (line) => lines.push(line));
    try {
      const { closed, echo } = await openWebSocket('/live/chat');
      expect(await echo('hello')).toBe('echo of hello');
      const events = await openEvents('/live/events');
      expect(await events.next()).toMatch(/^data: 1\n\n/);
      const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => beginUpload(4 * MIB)));
      const done = start();
      await poll(what, () => lines.some((line) => line.includes(draining)) || undefined, DEADLINE);
      for (const { status, received } of await Promise.all(uploads.map(({ end }) => end())))
        expect([status, received.bytes]).toEqual([200, 4 * MIB]);
      const [code] = await closed;
      expect(code).toBe(1001);
      let last: string | undefined;
      for (let event = await events.next(); event !== undefined; event = await events.next()) last = event;
      expect(last).toMatch(/data: last\n\n$/);
      expect(await done).toMatch(ended);
      const again = await openWebSocket('/live/chat');
      expect(await again.echo('again')).toBe('echo of again');
      again.socket.terminate();
    } finally {
      log.close();
    }
    const text = lines.join('\n');
    expect(text).not.toContain('drain deadline exceeded');
    expect(text).not.toContain('"level":"error"');
  });
}

test('/readyz answers 503 with the reason inside, and without it on the public port', async () => {
  await stack.shell('printf "no database at db:5432" >/run/app/reason');
  const inside = `fetch('http://127.0.0.1:8041/readyz').then(async (res) => console.log(res.status, await res.text()))`;
  await poll(
    'the reason',
    async () =>
      (await stack.exec('app', 'node', '-e', inside)).trim() === '503 no database at db:5432' || undefined,
    DEADLINE,
  );
  const outside = await poll(
    'the 503',
    async () => {
      const answer = await fetch(`${stack.publicUrl}/readyz`);
      return answer.status === 503 ? answer : undefined;
    },
    DEADLINE,
  );
  expect(await outside.text()).not.toContain('database');
  expect((await fetch(`${stack.publicUrl}/live/late?ms=0`)).status, 'it still serves').toBe(200);
  await stack.shell('rm /run/app/reason');
  await stack.settle();
  expect(await stack.log('app')).toContain('"msg":"not ready","reason":"no database at db:5432"');
});
