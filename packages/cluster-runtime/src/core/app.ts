import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** An application, as `createApp` returns it. */
export interface App {
  /** Handles the requests. */
  readonly listener: RequestListener;
  /**
   * Returns the pattern of the matched route, such as `/users/:id`, or undefined if no route matched. Never return the raw path: its
   * cardinality is unbounded. Called when the response ends.
   */
  routeOf?(req: IncomingMessage): string | undefined;
  /**
   * Whether `log()` adds `request_id` to the lines that the code of a request writes, also in later callbacks, and to the line of its
   * uncaught exception. It uses an AsyncLocalStorage, which costs each request a few microseconds. Default: false. `requestIdOf()`
   * returns the id without it.
   */
  readonly logRequestIds?: boolean;
  /** Called once the last connection of a draining worker is closed, before it exits. */
  close?(): Promise<void> | void;
}

/** Handles a request or calls `next`. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
