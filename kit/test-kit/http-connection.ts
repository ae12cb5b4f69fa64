import type { Socket } from 'node:net';
import { openRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';

export interface WholeAnswer {
  readonly status: number;
  readonly hasRetryAfter: boolean;
}

export interface ConnectionEvents {
  onAnswer(answer: WholeAnswer, due: number): void;
  onFailure(cause: string): void;
  /** Ready for the next request. */
  onIdle(): void;
  /** Called once. If a request was in flight, onFailure has been called before. */
  onClose(): void;
}

const NOTHING_IN_FLIGHT = Number.POSITIVE_INFINITY;

/**
 * A keep-alive connection to 127.0.0.1 with one request in flight. It is cheap, one write and one read a request, so the load generator
 * takes little processor time from the server that it measures.
 */
export class HttpConnection {
  /** When the request in flight should have been sent. */
  due = NOTHING_IN_FLIGHT;
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  #received = '';

  constructor(port: number, events: ConnectionEvents) {
    this.#events = events;
    this.#socket = openRaw(port);
    this.#socket.setEncoding('latin1').on('data', (chunk) => this.#take(String(chunk)));
    this.#socket.once('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    this.#socket.once('close', () => {
      this.#fail('closed');
      events.onClose();
    });
  }

  send(request: string, due: number): void {
    this.due = due;
    this.#received = '';
    this.#socket.write(request, 'latin1');
  }

  giveUp(cause: string): void {
    this.#fail(cause);
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #fail(cause: string): void {
    if (this.due === NOTHING_IN_FLIGHT) return;
    this.due = NOTHING_IN_FLIGHT;
    this.#events.onFailure(cause);
  }

  #take(chunk: string): void {
    if (this.due === NOTHING_IN_FLIGHT) return;
    this.#received += chunk;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd + 2);
    if (!isWhole(head, this.#received, headEnd + 4)) return;
    const { due } = this;
    this.due = NOTHING_IN_FLIGHT;
    this.#events.onAnswer(
      { status: Number(head.slice(9, 12)), hasRetryAfter: /\r\nretry-after: *\d/i.test(head) },
      due,
    );
    if (/\r\nconnection: close\r\n/i.test(head)) this.#socket.destroy();
    else this.#events.onIdle();
  }
}

/** Whether the response is complete. For GET only: it must have a Content-Length or be chunked. */
function isWhole(head: string, received: string, bodyAt: number): boolean {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return received.length - bodyAt >= Number(length);
  return received.endsWith('\r\n0\r\n\r\n') || received.slice(bodyAt) === '0\r\n\r\n';
}
