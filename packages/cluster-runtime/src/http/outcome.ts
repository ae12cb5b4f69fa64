import type { ServerResponse } from 'node:http';

/** Status of a request whose client went away before it was answered, as nginx logs it. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * The status of an answer that is over. An answer that the application, or the deadline of a drain, cut off has failed: it
 * is a 500 at least, whatever its head said, because the client does not have the whole of it.
 */
export function outcomeOf(res: ServerResponse): number {
  if (res.writableEnded && res.errored == null) return res.statusCode;
  if (clientLeft(res)) return CLIENT_CLOSED_REQUEST;
  return Math.max(res.statusCode, 500);
}

/** The client closed its side or the connection failed. An error given to `res.destroy()` comes from the application. */
function clientLeft({ socket, errored }: ServerResponse): boolean {
  if (socket === null) return errored == null;
  return socket.readableEnded || (socket.errored !== null && socket.errored !== errored);
}
