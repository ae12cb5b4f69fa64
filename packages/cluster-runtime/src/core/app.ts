import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

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
  /**
   * Returns true if this worker can serve, otherwise the reason, such as `no database`. The message of an error that it throws is a
   * reason, too, and so is no answer within 3 s. Called at most once a second: each second until it returns true, before which the
   * worker does not listen; then at requests of `/readyz`, which answers 503 with the reason. Other requests still reach the worker.
   */
  ready?(): boolean | string | Promise<boolean | string>;
  /**
   * Takes over the connection of a WebSocket handshake: it writes the response to `socket`. `head` is what the client has already sent
   * after it. Without `upgrade`, and for other protocols, the listener gets the request. Node before 24.9 passes other protocols, too.
   */
  upgrade?(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Called when a worker begins to drain, after its port is closed: close WebSockets (code 1001), end event streams. The worker exits when
   * the promise is settled and all connections are closed. At `deadline` the remaining connections are destroyed.
   */
  drain?(deadline: Date): Promise<void> | void;
  /** Called once the last connection of a draining worker is closed, before it exits. */
  close?(): Promise<void> | void;
}

/** Handles a request or calls `next`. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
