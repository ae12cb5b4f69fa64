import type { IncomingMessage, RequestListener } from 'node:http';

/** What `createApp` in app/app.ts returns: all that is asked of an application. Nothing else in app/ is named outside it. */
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
