import assert from 'node:assert/strict';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import test, { type TestContext } from 'node:test';
import { listen } from '../../test/support/listen.ts';
import { openRaw, received } from '../../test/support/raw-http.ts';
import { logRequests } from './request-log.ts';
import { closeConnections, hookResponses } from './response-hooks.ts';
import { chain } from './step.ts';

/** Sends a request and returns the raw response and its parts. */
async function rawAnswer(t: TestContext, answer: (res: ServerResponse) => void, method = 'GET') {
  const listener = chain([logRequests(60_000)], (_req, res) => answer(res));
  const { server, port } = await listen(t, listener);
  closeConnections(server);
  const raw = await received(
    openRaw(port, `${method} / HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-one\r\n\r\n`),
  );
  const [head, ...body] = raw.split('\r\n\r\n');
  const lines = head!.toLowerCase().split('\r\n');
  const having = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  return {
    raw,
    body: body.join('\r\n\r\n'),
    ids: having('x-request-id'),
    connection: having('connection'),
    having,
  };
}

/** Ways in which frameworks and applications set headers and write the head. */
const WAYS: Record<string, (res: ServerResponse) => void> = {
  'end alone': (res) => res.end('body'),
  'write, then end': (res) => {
    res.write('bo');
    res.end('dy');
  },
  flushHeaders: (res) => {
    res.flushHeaders();
    res.end('body');
  },
  'writeHead with a status': (res) => res.writeHead(200).end('body'),
  'writeHead with an object': (res) => res.writeHead(200, { 'X-Own': 'mine' }).end('body'),
  'writeHead with an array': (res) => res.writeHead(200, ['X-Own', 'mine', 'X-Own', 'too']).end('body'),
  'writeHead with a reason': (res) => res.writeHead(200, 'Fine').end('body'),
  'writeHead with a reason and an object': (res) =>
    res.writeHead(200, 'Fine', { 'X-Own': 'mine' }).end('body'),
  'writeHead with undefined for a reason': (res) =>
    res.writeHead(200, undefined as never, { 'X-Own': 'mine' }).end('body'),
  'the same headers in an object': (res) =>
    res.writeHead(200, { connection: 'keep-alive', 'X-REQUEST-ID': 'another' }).end('body'),
  'the same headers in an array': (res) =>
    res.writeHead(200, ['connection', 'keep-alive', 'X-REQUEST-ID', 'another']).end('body'),
  'the same headers set before': (res) => {
    res.setHeader('Connection', 'keep-alive');
    res.setHeader('X-Request-Id', ['another', 'third']);
    res.end('body');
  },
  'all headers removed': (res) => {
    res.setHeader('Connection', 'close');
    for (const name of [...res.getHeaderNames(), 'connection', 'x-request-id', 'date'])
      res.removeHeader(name);
    res.end('body');
  },
  'another prototype, as Express gives it': (res) => {
    Object.setPrototypeOf(res, Object.create(Object.getPrototypeOf(res)));
    res.end('body');
  },
  'writeHead wrapped, as on-headers does it': (res) => {
    const { writeHead } = res;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      this.removeHeader('X-Request-Id');
      return Reflect.apply(writeHead, this, args);
    } as typeof res.writeHead;
    res.end('body');
  },
};

for (const [way, answer] of Object.entries(WAYS)) {
  test(`the response has each kept header once and closes the connection: ${way}`, async (t) => {
    const { ids, connection, body } = await rawAnswer(t, answer);
    assert.deepEqual([ids, connection], [['the-one'], ['close']]);
    assert.match(body, /bo.*dy/s);
  });
}

test('other headers, the status and the reason phrase stay those of the application', async (t) => {
  const object = await rawAnswer(t, (res) => res.writeHead(418, 'Mine', { 'X-Own': 'mine' }).end());
  assert.match(object.raw, /^HTTP\/1\.1 418 Mine\r\n/);
  assert.deepEqual(object.having('x-own'), ['mine']);
  const array = await rawAnswer(t, (res) => res.writeHead(201, ['X-Own', 'a', 'X-Own', 'b']).end());
  assert.match(array.raw, new RegExp(`^HTTP/1\\.1 201 ${STATUS_CODES[201]}\r\n`));
  assert.deepEqual(array.having('x-own'), ['a', 'b']);
});

test('informational responses and trailers have no kept headers', async (t) => {
  const { raw } = await rawAnswer(t, (res) => {
    res.writeProcessing();
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.writeHead(200, { Trailer: 'X-Sum' });
    res.write('body');
    res.addTrailers({ 'X-Sum': '1' });
    res.end();
  });
  const [processing, hints, head, ...rest] = raw.split('\r\n\r\n');
  assert.match(processing!, /^HTTP\/1\.1 102 /);
  assert.match(hints!, /^HTTP\/1\.1 103 /);
  assert.doesNotMatch(processing! + hints + rest.join(), /x-request-id|connection/i);
  assert.match(head!, /X-Request-Id: the-one/);
  assert.match(rest.join(), /X-Sum: 1/);
});

test('the Connection header of the application stays while the server keeps connections', async (t) => {
  const listener = chain([logRequests(60_000)], (_req, res) => {
    res.writeHead(200, { Connection: 'close' }).end();
  });
  const { url } = await listen(t, listener);
  assert.equal((await fetch(url)).headers.get('connection'), 'close');
});

test('a response that the runtime does not follow has no kept header', async (t) => {
  hookResponses();
  const { url } = await listen(t, (_req, res) => {
    res.write('body');
    res.end();
  });
  const { headers } = await fetch(url, { headers: { 'X-Request-Id': 'the-one' } });
  assert.deepEqual([headers.get('x-request-id'), headers.get('connection')], [null, 'keep-alive']);
});

test('a second writeHead throws the error of Node', async (t) => {
  const refused = Promise.withResolvers<unknown>();
  const listener = chain([logRequests(60_000)], (_req, res) => {
    res.writeHead(200);
    try {
      res.writeHead(500);
    } catch (error) {
      refused.resolve(error);
    }
    res.end();
  });
  const { url } = await listen(t, listener);
  assert.equal((await fetch(url)).status, 200);
  assert.match(String(await refused.promise), /ERR_HTTP_HEADERS_SENT.*Cannot write headers/);
});
