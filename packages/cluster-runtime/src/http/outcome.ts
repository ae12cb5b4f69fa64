import type { ServerResponse } from 'node:http';

/** Status of a request whose client closed the connection before the response ended, as in nginx. */
export const CLIENT_CLOSED_REQUEST = 499;

/**
 * Returns the status of a closed response. If the application or the drain deadline cut the response off, the status is 500 or
 * higher whatever the head says, because the client does not have the whole response.
 */
export function outcomeOf(res: ServerResponse): number {
  if (res.writableEnded && res.errored == null) return res.statusCode;
  if (clientLeft(res)) return CLIENT_CLOSED_REQUEST;
  return Math.max(res.statusCode, 500);
}

/** Returns whether the client closed its side or the connection failed. An error passed to `res.destroy()` is the application's. */
function clientLeft({ socket, errored }: ServerResponse): boolean {
  if (socket === null) return errored == null;
  return socket.readableEnded || (socket.errored !== null && socket.errored !== errored);
}
