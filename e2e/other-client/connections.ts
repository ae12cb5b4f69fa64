import { connect, type Socket } from 'node:net';

export type Outcomes = Record<string, number>;

/** Connections that are held until the other side ends them. */
export class Connections {
  /** Ever connected. */
  opened = 0;
  readonly #at: { readonly host: string; readonly port: number };
  readonly #open = new Set<Socket>();
  readonly #outcomes: Outcomes = {};

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.#at = { host, port };
  }

  /** Connected, or about to be. */
  get opening(): number {
    return this.#open.size;
  }

  /** Opens some, sends `text` on each, and waits until each is connected or has failed. */
  async open(count: number, text: string): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#one(text)));
  }

  write(text: string): void {
    for (const socket of this.#open) if (socket.writable) socket.write(text);
  }

  /** Ends them all, and says what those came to that were ended before. */
  end(): Outcomes {
    const held = this.#open.size;
    const outcomes = { ...this.#outcomes, held };
    for (const socket of this.#open) socket.destroy();
    return outcomes;
  }

  #one(text: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ host: this.#at.host, port: this.#at.port });
      this.#open.add(socket);
      let status: string | undefined;
      let failure: string | undefined;
      socket.once('connect', () => {
        this.opened += 1;
        socket.write(text);
        resolve();
      });
      socket.once('data', (chunk: Buffer) => {
        status = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1', 0, 12))?.[1];
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        failure = error.code ?? error.message;
      });
      socket.once('end', () => socket.destroy());
      socket.once('close', () => {
        this.#open.delete(socket);
        const outcome = status ?? failure ?? 'closed';
        this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
        resolve();
      });
    });
  }
}
