import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** 0 if the response has no status line. */
  readonly status: number;
  readonly body: string;
  /** All received bytes as latin1. */
  readonly text: string;
}

/** Longest wait for a byte, in case the server hangs. Normally it closes the connection. */
const LONGEST_SILENCE_MS = 30_000;

/** Opens a TCP connection to this machine and sends the bytes unchanged: an HTTP client would normalise the path. */
export function openRaw(port: number, bytes = ''): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  // Callers that need the error add their own listener.
  socket.on('error', () => {});
  if (bytes !== '') socket.write(bytes, 'latin1');
  return socket;
}

/** Returns all received bytes when the connection is closed. */
export function received(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

/** Sends bytes and reads until the connection ends or no byte arrives for `silenceMs`. */
export async function sendRaw(
  port: number,
  request: string,
  silenceMs: number = LONGEST_SILENCE_MS,
): Promise<RawAnswer> {
  const socket = openRaw(port, request);
  let failure: Error | undefined;
  socket.once('error', (error) => {
    failure = error;
  });
  socket.once('end', () => socket.destroy());
  socket.setTimeout(silenceMs, () => socket.destroy());
  const text = await received(socket);
  if (text === '' && failure !== undefined) throw failure;
  return readAnswer(text);
}

export function readAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  const rest = end === -1 ? '' : text.slice(end + 4);
  const body = /^transfer-encoding:\s*chunked\s*$/im.test(head) ? joinChunks(rest) : rest;
  return { status: Number(/^HTTP\/\S+ (\d{3})/.exec(text)?.[1] ?? 0), body, text };
}

function joinChunks(text: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const size = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(text.slice(at));
    const length = size ? Number.parseInt(size[1]!, 16) : 0;
    if (!size || length === 0) return body;
    at += size[0].length;
    body += text.slice(at, at + length);
    at += length + 2;
  }
}

/** Builds a request without a body and with `Connection: close`. */
export const plain = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, 'Connection: close', '', ''].join('\r\n');
export const headerOf = ({ text }: RawAnswer, name: string) =>
  new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(text)?.[1];
