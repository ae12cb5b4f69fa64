import { HttpConnection } from '../../../test-kit/http-connection.ts';

/**
 * Sends requests on keep-alive connections without a pause for `seconds`, and returns the number of answers. Opens a new connection when
 * the server closes one between two requests. Rejects if a request fails.
 */
export async function saturate(url: string, connections: number, seconds: number): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  if (hostname !== '127.0.0.1') throw new Error(`load goes to 127.0.0.1 only, not to ${hostname}`);
  const request = `GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const ends = performance.now() + seconds * 1000;
  const done = Promise.withResolvers<void>();
  const open = new Set<HttpConnection>();
  let answered = 0;

  const isOver = (): boolean => performance.now() >= ends;
  const fail = (why: string): void => done.reject(new Error(`${url}: ${why}, after ${answered} answers`));

  function connect(): void {
    const connection: HttpConnection = new HttpConnection(Number(port), {
      onAnswer({ status }) {
        if (status !== 200) fail(`status ${status}`);
        answered++;
      },
      onFailure: fail,
      onIdle() {
        if (isOver()) connection.destroy();
        else connection.send(request, 0);
      },
      onClose() {
        open.delete(connection);
        if (!isOver()) connect();
        else if (open.size === 0) done.resolve();
      },
    });
    open.add(connection);
    connection.send(request, 0);
  }

  for (let i = 0; i < connections; i++) connect();
  try {
    await done.promise;
    return answered;
  } finally {
    for (const connection of open) connection.destroy();
  }
}
