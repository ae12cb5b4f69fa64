import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** What `createApp` returns: all that is asked of an application. */
export interface App {
  /** Answers the requests. */
  readonly listener: RequestListener;
  /**
   * The pattern of the route that took a request (`/users/:id`, never the path that was asked for), looked up when the
   * answer ends; undefined where none did.
   */
  routeOf?(req: IncomingMessage): string | undefined;
  /** Called once the last connection of a draining worker is closed, before it exits. */
  close?(): Promise<void> | void;
}

/** Answers a request, or passes it on by `next`. It is middleware for Express and the like, too. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
