import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openRaw } from '../../../packages/cluster-runtime/test/support/raw-http.ts';

const TIMEOUT_MS = 60_000;
const HEAD_END = Buffer.from('\r\n\r\n');

export interface RawAnswer {
  /** Milliseconds from sending the request to the last byte of the body. */
  readonly ms: number;
  readonly status: number;
  readonly body: Buffer;
}

/** Scrapes /metrics over one keep-alive connection, in identity encoding and without parsing. */
export class RawScraper {
  readonly #socket: Socket;
  readonly #head: string;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#head = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept-Encoding: identity\r\n`;
  }

  static async connect(port: number): Promise<RawScraper> {
    const socket = openRaw(port);
    await once(socket, 'connect');
    return new RawScraper(socket, port);
  }

  /** `accept` is the header `Accept`; none by default. */
  scrape(accept?: string): Promise<RawAnswer> {
    if (this.#socket.readyState !== 'open')
      return Promise.reject(new Error('the server closed the connection'));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let received = 0;
      let expected = Number.POSITIVE_INFINITY;
      let began = 0;
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.#socket.off('data', onData).off('close', onClose).off('error', onError);
        then();
      };
      const onData = (chunk: Buffer): void => {
        chunks.push(chunk);
        received += chunk.length;
        if (expected === Number.POSITIVE_INFINITY) expected = wholeLength(Buffer.concat(chunks));
        if (received < expected) return;
        const ms = performance.now() - began;
        settle(() => resolve({ ms, ...parts(Buffer.concat(chunks)) }));
      };
      const onClose = (): void =>
        settle(() => reject(new Error(`closed after ${received} of ${expected} bytes`)));
      const onError = (error: Error): void => settle(() => reject(error));
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no complete answer within ${TIMEOUT_MS} ms`))),
        TIMEOUT_MS,
      );
      this.#socket.on('data', onData).on('close', onClose).on('error', onError);
      began = performance.now();
      this.#socket.write(`${this.#head}${accept === undefined ? '' : `Accept: ${accept}\r\n`}\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Length of head and body in bytes; infinite until the head is complete. */
function wholeLength(start: Buffer): number {
  const headEnd = start.indexOf(HEAD_END);
  if (headEnd < 0) return Number.POSITIVE_INFINITY;
  const head = start.toString('latin1', 0, headEnd);
  const length = /^content-length: *(\d+)\r?$/im.exec(head)?.[1];
  if (length === undefined) throw new Error(`answer without Content-Length: ${head}`);
  return headEnd + HEAD_END.length + Number(length);
}

function parts(answer: Buffer): { status: number; body: Buffer } {
  const headEnd = answer.indexOf(HEAD_END);
  return {
    status: Number(answer.toString('latin1', 9, 12)),
    body: answer.subarray(headEnd + HEAD_END.length),
  };
}
