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
   * Returns true if this worker can serve, otherwise the reason, such as `no database`. If it throws, or does not return
   * within 3 s, the worker is not ready. At the start it is called every second, and the worker listens once it has returned true. Later it is
   * called when `/readyz` is requested, at most once a second; `/readyz` then answers 503 with the reason. Other requests are served.
   */
  ready?(): boolean | string | Promise<boolean | string>;
  /**
   * Called for each WebSocket handshake; writes the response to `socket`. `head` is the first packet of the upgraded stream and may be
   * empty. Without `upgrade`, and for other protocols, `listener` is called. Before Node 24.9, `upgrade` is called for any protocol.
   */
  upgrade?(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Called once a draining worker has stopped listening. Close WebSockets (code 1001) and end event streams here. The worker exits when
   * the promise has settled and all connections are closed. At `deadline` it destroys the remaining connections.
   */
  drain?(deadline: Date): Promise<void> | void;
  /** Called once the last connection of a draining worker is closed, before it exits. */
  close?(): Promise<void> | void;
}

/** Handles a request or calls `next`. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
