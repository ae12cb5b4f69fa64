import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * `choose-ports.ts [OWN...] NAME=PORT...` prints `NAME="PORT"` with a free port for each. PORT is a port, `0` for any, or `?8041` for
 * 8041 or, if that is taken, any. Ports of a stack that is replaced, OWN, count as free. Exits with 1 and names the port if one that was
 * asked for is taken.
 */

/** Below the ports that Linux gives to outgoing connections (net.ipv4.ip_local_port_range), which could take one in the meantime. */
const FIRST = 20_000;
const END = 32_000;
const TRIES = 200;
/** The other ports are on loopback only. */
const PUBLIC = 'PUBLIC_PORT';

const [own, wishes] = [false, true].map((isWish) =>
  process.argv.slice(2).filter((word) => word.includes('=') === isWish),
);
const chosen = new Set<number>();

async function isFree(port: number, host: string): Promise<boolean> {
  if (chosen.has(port)) return false;
  if (own!.includes(String(port))) return true;
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function anyPort(host: string): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST, END);
    if (await isFree(port, host)) return port;
  }
  throw new Error(`none of ${TRIES} ports between ${FIRST} and ${END} is free`);
}

async function choose(name: string, wanted: string): Promise<number> {
  const host = name === PUBLIC ? '0.0.0.0' : '127.0.0.1';
  const [, preferred, digits = ''] = /^(\??)(\d{1,5})$/.exec(wanted) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) throw new Error(`${name} is not a port: ${JSON.stringify(wanted)}`);
  if (port === 0) return anyPort(host);
  if (await isFree(port, host)) return port;
  if (preferred) return anyPort(host);
  throw new Error(
    `port ${port} is in use by another program or not permitted; set another one: ${name}=0 takes a free port`,
  );
}

try {
  for (const argument of wishes!) {
    const [name = '', wanted = ''] = argument.split('=');
    const port = await choose(name, wanted);
    chosen.add(port);
    console.log(`${name}="${port}"`);
  }
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
