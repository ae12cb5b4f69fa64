import type { IncomingMessage, RequestListener } from 'node:http';

/** What `createApp` returns: all that is asked of an application. */
export interface App {
  /** Answers the requests. */
  readonly listener: RequestListener;
  /**
   * The pattern of the route that took a request (`/users/:id`, never the path that was asked for), looked up when the
   * answer ends; undefined where none did.
   */
  routeOf?(req: IncomingMessage): string | undefined;
  /** Called once the last connection of a draining worker is gone, before it ends. */
  close?(): Promise<void> | void;
}
