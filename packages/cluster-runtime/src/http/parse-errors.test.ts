import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { logged } from '../../test/support/logged.ts';
import { openRaw, received } from '../../test/support/raw-http.ts';
import { MAX_HEADER_BYTES, PARSE_ERROR_CODES, refuseUnparsed } from './parse-errors.ts';

const ID = '0123456789abcdef0123456789abcdef';
const HEAD = `GET / HTTP/1.1\r\nHost: here\r\nX-Request-Id: ${ID}\r\n`;

interface Served {
  send(request: string, then?: 'and ends'): Promise<string>;
  readonly counted: string[];
  readonly lines: Record<string, unknown>[];
  served: number;
}

async function serve(t: TestContext): Promise<Served> {
  const lines = logged(t);
  const counted: string[] = [];
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (req, res) => {
    all.served += 1;
    if (req.url === '/held') return;
    if (req.url === '/begun') res.write('begun');
    else res.end(String(req.rawHeaders.length / 2));
  });
  refuseUnparsed(server, (code) => counted.push(code));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const all: Served = {
    counted,
    lines,
    served: 0,
    send(request, then) {
      const socket = openRaw(port, request);
      if (then !== undefined) socket.end();
      return received(socket);
    },
  };
  return all;
}

test('a refused request is counted, logged and answered with the id of the proxy, and its connection is closed', async (t) => {
  const all = await serve(t);
  const cases: [string, string, number][] = [
    [`${HEAD}X: a\x01b\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN', 400],
    [HEAD.replace('/', '/\xff').concat('\r\n'), 'HPE_INVALID_URL', 400],
    [HEAD.replace('GET', 'FROB').concat('\r\n'), 'HPE_INVALID_METHOD', 400],
    [HEAD.replace('1.1', '9.9').concat('\r\n'), 'HPE_INVALID_VERSION', 400],
    [`${HEAD}Content-Length: x\r\n\r\n`, 'HPE_INVALID_CONTENT_LENGTH', 400],
    [`${HEAD}X: ${'a'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW', 431],
  ];
  for (const [request, code, status] of cases) {
    const answer = await all.send(request);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\nConnection: close\r\n`), code);
    const id = /^X-Request-Id: (.*)\r$/im.exec(answer)![1];
    // A head that is too large may arrive in two packets, and the id is in the first.
    if (code !== 'HPE_HEADER_OVERFLOW') assert.equal(id, ID);
    const { msg, level, request_id, trace_id, code: logged, status: loggedStatus } = all.lines.at(-1)!;
    assert.deepEqual(
      [msg, level, request_id, trace_id, logged, loggedStatus],
      ['the HTTP parser refused a request', 'warn', id, id!.replaceAll('-', ''), code, status],
    );
  }
  assert.deepEqual(
    all.counted,
    cases.map(([, code]) => code),
  );
  assert.deepEqual(
    all.counted.filter((code) => !(PARSE_ERROR_CODES as readonly string[]).includes(code)),
    [],
  );
  assert.equal(all.served, 0);
});

test('an error code outside the list is counted as other', async (t) => {
  const all = await serve(t);
  await all.send(`${HEAD}X: y\n\r\n`);
  assert.deepEqual(all.counted, ['other']);
});

test('nothing is written into a response that has begun', async (t) => {
  const all = await serve(t);
  assert.doesNotMatch(await all.send(`${HEAD.replace('/', '/begun')}\r\nFROB`), / 400 /);
  assert.equal(all.served, 1);
  assert.deepEqual(all.counted, ['HPE_INVALID_METHOD']);
});

test('a parse error in the body of a served request is counted with that request only', async (t) => {
  const all = await serve(t);
  const post = HEAD.replace('GET /', 'POST /held');
  const answer = await all.send(`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.deepEqual([all.served, all.counted, all.lines], [1, [], []]);
});

test('a client that disconnects within its request is not counted as refused', async (t) => {
  const all = await serve(t);
  assert.equal(await all.send(HEAD, 'and ends'), '');
  assert.deepEqual([all.counted, all.lines], [[], []]);
});

test('a flood of refused requests is counted in full and logged at a limited rate', async (t) => {
  const all = await serve(t);
  const times = 200;
  await Promise.all(Array.from({ length: times }, () => all.send(`${HEAD}X: \x01\r\n\r\n`)));
  assert.equal(all.counted.length, times);
  const logged = all.lines.length;
  const leftOut = all.lines.reduce((sum, line) => sum + Number(line.left_out ?? 0), 0);
  assert.ok(logged >= 10 && logged < times, `${logged} lines`);
  assert.ok(logged + leftOut <= times);
});

test('all headers of a request reach the application', async (t) => {
  const all = await serve(t);
  const many = 3_000;
  const answer = await all.send(`${HEAD}${'a:b\r\n'.repeat(many)}Connection: close\r\n\r\n`);
  assert.match(answer, new RegExp(`\r\n\r\n[^]*\\b${many + 3}\\b`));
});
