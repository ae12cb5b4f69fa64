/**
 * Runs in the network of a container: `node reach.ts JSON`. The JSON lists the `host:port` of each target. Prints what answered there,
 * and the ports on which this container listens, except on loopback.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface Seen {
  /** By target and `host:port`: the first line of the answer and the names of its headers. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly listening: readonly number[];
}

/** A firewall may drop packets; the kernel retries the first one after one second: tcp(7). */
const SILENCE_MS = 2_500;
const REQUEST = 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n';
/** State of a listening socket in /proc/net/tcp: proc(5). */
const LISTENING = '0A';

/** Returns the answer. A connection alone proves nothing, because some networks accept connections to any address. */
function answerOf(way: string): Promise<string> {
  const [host, port] = way.split(':');
  let text = '';
  return new Promise((resolve) => {
    const socket = connect({ host: host!, port: Number(port), family: 4 }, () => socket.write(REQUEST));
    const done = () => {
      clearTimeout(silence);
      socket.destroy();
      resolve(text);
    };
    const silence = setTimeout(done, SILENCE_MS);
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more;
    });
    socket.once('error', done).once('close', done);
  });
}

function fingerprint(answer: string): string {
  const [first, ...headers] = answer.split('\r\n\r\n', 1)[0]!.split('\r\n');
  return [first!, ...headers.map((line) => line.replace(/:.*/, '').toLowerCase()).sort()].join(' ');
}

async function probe(ways: readonly string[]): Promise<Record<string, string>> {
  const answers = await Promise.all(
    ways.map(async (way) => [way, fingerprint(await answerOf(way))] as const),
  );
  return Object.fromEntries(answers.filter(([, who]) => who !== ''));
}

/** Ports of listening sockets, except on 127.0.0.0/8, which /proc/net/tcp shows as ......7F. */
function listening(): number[] {
  const entries = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  const found = [...entries.matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ (\w\w)/gm)]
    .filter(([, address, , state]) => state === LISTENING && !/^.{6}7F$/.test(address!))
    .map(([, , port]) => Number.parseInt(port!, 16));
  return [...new Set(found)].sort((a, b) => a - b);
}

const targets = Object.entries(JSON.parse(process.argv[2]!) as Record<string, readonly string[]>);
const probed = await Promise.all(targets.map(async ([target, ways]) => [target, await probe(ways)] as const));
const seen: Seen = { answers: Object.fromEntries(probed), listening: listening() };
process.stdout.write(JSON.stringify(seen));
