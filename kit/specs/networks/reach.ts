/**
 * Runs within the network of a container: `node reach.ts JSON`. The JSON says for each goal by which `host:port` it may be had. Prints
 * what answered there, and on which ports something listens here for others.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface Seen {
  /** By goal and way, who answered: the first line of the answer and the names of its headers. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly listening: readonly number[];
}

/** What drops packets says nothing: the kernel sends the first one again after one second. */
const SILENCE_MS = 2_500;
const REQUEST = 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n';
/** Of an entry in /proc/net/tcp. */
const LISTENING = '0A';

/** A connection alone proves nothing: there are networks where something takes those to any address. */
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

function whose(answer: string): string {
  const [first, ...headers] = answer.split('\r\n\r\n', 1)[0]!.split('\r\n');
  return [first!, ...headers.map((line) => line.replace(/:.*/, '').toLowerCase()).sort()].join(' ');
}

async function walk(ways: readonly string[]): Promise<Record<string, string>> {
  const answers = await Promise.all(ways.map(async (way) => [way, whose(await answerOf(way))] as const));
  return Object.fromEntries(answers.filter(([, who]) => who !== ''));
}

/** Without those of 127.0.0.0/8, which the kernel writes as ......7F. */
function listening(): number[] {
  const entries = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  const found = [...entries.matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ (\w\w)/gm)]
    .filter(([, address, , state]) => state === LISTENING && !/^.{6}7F$/.test(address!))
    .map(([, , port]) => Number.parseInt(port!, 16));
  return [...new Set(found)].sort((a, b) => a - b);
}

const goals = Object.entries(JSON.parse(process.argv[2]!) as Record<string, readonly string[]>);
const walked = await Promise.all(goals.map(async ([goal, ways]) => [goal, await walk(ways)] as const));
const seen: Seen = { answers: Object.fromEntries(walked), listening: listening() };
process.stdout.write(JSON.stringify(seen));
