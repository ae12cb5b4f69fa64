import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { readAnswer, sendRaw } from './raw-http.ts';

test('status and body are parsed, with a Content-Length and with chunks', () => {
  const plain = readAnswer('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPong');
  assert.deepEqual([plain.status, plain.body], [200, 'Pong']);
  const chunked = readAnswer(
    'HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n',
  );
  assert.deepEqual([chunked.status, chunked.body], [404, 'abc0123456789']);
});

test('a response without a status line has status 0', () => {
  assert.equal(readAnswer('').status, 0);
  assert.equal(readAnswer('# HELP x\n').status, 0);
});

test('the request is sent byte for byte', async () => {
  const request = 'GET /%6d\\..//x\0 HTTP/1.1\r\nHost: a\r\n\r\n';
  const server = createServer((socket) => socket.on('data', (data) => socket.end(data)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const answer = await sendRaw(address.port, request);
  server.close();
  assert.equal(answer.text, request);
});
