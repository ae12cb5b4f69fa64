/** Serves a constant body: `bare-http.ts <bytes>`. Sends its port to the parent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = Buffer.alloc(Number(process.argv[2]), 'x');
const server = createServer({ keepAliveTimeout: 0 }, (_request, response) => {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('disconnect', () => process.exit(0));
process.send!((server.address() as AddressInfo).port);
