import { HttpConnection } from './http-connection.ts';

export interface ClosedLoopOptions {
  readonly connections: number;
  /** Whether to send no more requests after this number. */
  isOver(sent: number): boolean;
}

/**
 * Sends requests to 127.0.0.1: each connection sends its next request after an answer. Opens a new connection when the server closes one
 * between two requests. Resolves with the number of answers. Rejects if a request fails or is not answered with 200.
 */
export async function closedLoop(
  port: number,
  path: string,
  { connections, isOver }: ClosedLoopOptions,
): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const done = Promise.withResolvers<void>();
  const open = new Set<HttpConnection>();
  let [sent, answered] = [0, 0];
  let hasFailed = false;

  function fail(why: string): void {
    hasFailed = true;
    done.reject(new Error(`${path}: ${why}, after ${answered} answers`));
  }

  function next(connection: HttpConnection): void {
    if (hasFailed || isOver(sent)) {
      connection.destroy();
      return;
    }
    sent++;
    connection.send(request, 0);
  }

  function connect(): void {
    const connection: HttpConnection = new HttpConnection(port, {
      onAnswer({ status }) {
        if (status !== 200) fail(`status ${status}`);
        answered++;
      },
      onFailure: fail,
      onIdle: () => next(connection),
      onClose() {
        open.delete(connection);
        if (!hasFailed && !isOver(sent)) connect();
        else if (open.size === 0) done.resolve();
      },
    });
    open.add(connection);
    next(connection);
  }

  for (let i = 0; i < connections; i++) connect();
  try {
    await done.promise;
    return answered;
  } finally {
    for (const connection of open) connection.destroy();
  }
}
