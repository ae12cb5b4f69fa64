import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Returns two ports of 127.0.0.1 on which nothing listens. */
export async function freePorts(): Promise<[string, string]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports as [string, string];
}
