/** Answers every connection with a unique line, on a free port of every address. Prints the addresses, port and answer as JSON. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Listening {
  readonly addresses: readonly string[];
  readonly port: number;
  /** The whole answer. */
  readonly answer: string;
}

const answer = `HTTP/1.0 200 ${randomUUID()}`;
const server = createServer((socket) => socket.on('error', () => {}).end(`${answer}\r\n\r\n`));
server.listen(0, '0.0.0.0');
await once(server, 'listening');
const addresses = Object.values(networkInterfaces())
  .flatMap((found) => found ?? [])
  .filter(({ family, internal }) => family === 'IPv4' && !internal)
  .map(({ address }) => address);
const listening: Listening = { addresses, port: (server.address() as AddressInfo).port, answer };
console.log(JSON.stringify(listening));
process.once('SIGTERM', () => process.exit());
