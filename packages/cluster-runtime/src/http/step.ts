import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export type Next = (req: IncomingMessage, res: ServerResponse) => void;

/** Handles a request or calls `next` with it. Unlike middleware it needs no new function for each request. */
export type Step = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** Returns a listener that calls the steps in order and then `last`. */
export function chain(steps: readonly Step[], last: RequestListener): RequestListener {
  return steps.reduceRight<Next>((next, step) => (req, res) => step(req, res, next), last as Next);
}
