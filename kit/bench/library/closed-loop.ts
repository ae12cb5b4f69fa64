import { HttpConnection } from '../../test-kit/http-connection.ts';

/** Sends `requests` to 127.0.0.1. Each connection sends its next request after an answer. Rejects if a request fails. */
export async function closedLoop(
  port: number,
  path: string,
  { requests, connections }: { readonly requests: number; readonly connections: number },
): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const done = Promise.withResolvers<void>();
  const open: HttpConnection[] = [];
  let [sent, answered] = [0, 0];
  const fail = (why: string): void =>
    done.reject(new Error(`${path}: ${why}, after ${answered} of ${requests} answers`));
  for (let i = 0; i < connections; i++) {
    const next = (): void => {
      if (sent === requests) return;
      sent++;
      connection.send(request, 0);
    };
    const connection: HttpConnection = new HttpConnection(port, {
      onAnswer({ status }) {
        if (status !== 200) fail(`status ${status}`);
        answered++;
        if (answered === requests) done.resolve();
      },
      onFailure: fail,
      onIdle: next,
      onClose: () => fail('a connection was closed'),
    });
    open.push(connection);
    next();
  }
  try {
    await done.promise;
  } finally {
    for (const connection of open) connection.destroy();
  }
}
