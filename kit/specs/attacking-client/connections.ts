import { connect, type Socket } from 'node:net';

const STATUS_LINE = 'HTTP/1.1 200 ';

export type Outcomes = Record<string, number>;

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** False leaves the answers unread. */
  readonly reads?: boolean;
  /** Sends the text again once all its requests are answered. */
  readonly repeat?: boolean;
}

/** Connections that stay open until the server closes them. */
export class Connections {
  /** Connections established so far. */
  opened = 0;
  readonly #options: ConnectionOptions;
  readonly #open = new Set<Socket>();
  readonly #outcomes: Outcomes = {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Connections established or being established. */
  get opening(): number {
    return this.#open.size;
  }

  /** Opens `count` connections, sends `text` on each, and resolves once each is connected or has failed. */
  async open(count: number, text: string): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#one(text)));
  }

  write(text: string): void {
    for (const socket of this.#open) if (socket.writable) socket.write(text);
  }

  /** Closes all connections and returns the outcomes of those that ended before, and how many were still held. */
  end(): Outcomes {
    const held = this.#open.size;
    const outcomes = { ...this.#outcomes, held };
    for (const socket of this.#open) socket.destroy();
    return outcomes;
  }

  #count(outcome: string): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  #one(text: string): Promise<void> {
    const { host, port, reads = true, repeat = false } = this.#options;
    return new Promise((resolve) => {
      const socket = connect({ host, port });
      this.#open.add(socket);
      let answered = 0;
      let failure: string | undefined;
      socket.once('connect', () => {
        this.opened += 1;
        socket.write(text);
        resolve();
      });
      const requests = text.split(' HTTP/1.1\r\n').length - 1;
      // The end of a chunk may cut a status line.
      let rest = '';
      const answer = (chunk: string) => {
        const seen = rest + chunk;
        rest = seen.slice(-STATUS_LINE.length + 1);
        for (const [, status] of seen.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
          answered += 1;
          this.#count(status!);
          if (repeat && answered % requests === 0) socket.write(text);
        }
      };
      if (reads) socket.setEncoding('latin1').on('data', answer);
      else socket.pause();
      socket.on('error', (error: NodeJS.ErrnoException) => {
        failure = error.code ?? error.message;
      });
      socket.once('end', () => socket.destroy());
      socket.once('close', () => {
        this.#open.delete(socket);
        if (answered === 0) this.#count(failure ?? 'closed');
        resolve();
      });
    });
  }
}
