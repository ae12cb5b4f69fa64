import type { Socket } from 'node:net';
import { openRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';

export type Kind = 'long-lived' | 'slow' | 'aborted' | 'half-sent';

/** Number of clients by kind and outcome: a status, `closed` by the server without one, an error code, or `aborted`. */
export type Outcomes = Record<Kind, Record<string, number>>;

const DEADLINE_MS = 20_000;
/** Interval between the bytes of a slow request. */
const SLOW_BYTE_MS = 50;
/** Long enough for the request to reach the app on a busy machine, and shorter than the time of its response. */
const ABORT_AFTER_MS = 1_500;

interface Client {
  readonly request: string;
  act(socket: Socket, request: string): NodeJS.Timeout | undefined;
}

const CLIENTS: Record<Kind, Client> = {
  'long-lived': { request: head('/stream?ms=3000'), act: sendWhole },
  slow: {
    request: head('/ping'),
    act(socket, request) {
      let at = 0;
      return setInterval(() => {
        if (at < request.length) socket.write(request[at++]!);
      }, SLOW_BYTE_MS);
    },
  },
  aborted: {
    request: head('/aborted?ms=4000'),
    act(socket, request) {
      sendWhole(socket, request);
      return setTimeout(() => socket.emit('aborted'), ABORT_AFTER_MS);
    },
  },
  'half-sent': { request: head('/half-sent').slice(0, -2), act: sendWhole },
};

function head(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
}

function sendWhole(socket: Socket, request: string): undefined {
  socket.write(request);
}

/** Starts `each` clients of each kind, evenly spread over `seconds`; resolves when all have finished. */
export async function difficultClients(publicUrl: string, each: number, seconds: number): Promise<Outcomes> {
  const { hostname, port } = new URL(publicUrl);
  if (hostname !== '127.0.0.1') throw new Error(`load goes to 127.0.0.1 only, not to ${hostname}`);
  const outcomes: Outcomes = { 'long-lived': {}, slow: {}, aborted: {}, 'half-sent': {} };
  const all: Promise<void>[] = [];
  for (let i = 0; i < each; i++) {
    const later = (i * seconds * 1000) / each;
    for (const kind of Object.keys(CLIENTS) as Kind[]) {
      all.push(
        new Promise((resolve) => setTimeout(resolve, later)).then(async () => {
          const outcome = await one(Number(port), CLIENTS[kind]);
          outcomes[kind][outcome] = (outcomes[kind][outcome] ?? 0) + 1;
        }),
      );
    }
  }
  await Promise.all(all);
  return outcomes;
}

function one(port: number, { request, act }: Client): Promise<string> {
  return new Promise((resolve) => {
    const socket = openRaw(port);
    let received = '';
    let timer: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => end('still open'), DEADLINE_MS);
    function end(outcome: string): void {
      clearTimeout(deadline);
      clearInterval(timer);
      socket.destroy();
      resolve(outcome);
    }
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk;
    });
    socket.once('connect', () => {
      timer = act(socket, request);
    });
    socket.once('aborted', () => end('aborted'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    // Requests have `Connection: close`, so the response is complete only when the connection closes.
    socket.once('close', () => end(outcomeOf(received)));
  });
}

function outcomeOf(received: string): string {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1];
  if (status === undefined) return 'closed';
  const chunked = /\r\ntransfer-encoding: chunked\r\n/i.test(received);
  return chunked && !received.endsWith('\r\n0\r\n\r\n') ? `${status} cut` : status;
}
