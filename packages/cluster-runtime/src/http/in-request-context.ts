import type { RequestListener } from 'node:http';
import { runInRequest } from '../core/request-context.ts';
import { exchangeOf } from './exchange.ts';

/** Runs a listener so that `log()` adds the request id to the lines that its code writes, at once or in a later callback. */
export function inRequestContext(listener: RequestListener): RequestListener {
  return (req, res) => runInRequest(exchangeOf(req, res), listener, req, res);
}
