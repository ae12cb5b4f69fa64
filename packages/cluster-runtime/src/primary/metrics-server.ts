import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { MetricsAnswer, MetricsRoute } from '../core/extension.ts';
import { describeError, log } from '../core/log.ts';
import { createServer } from '../core/node-http.ts';
import { pathForLog } from '../core/printable.ts';
import { MAX_HEADER_BYTES } from '../http/parse-errors.ts';

/** Serves the totals at `/metrics` and the series of one worker at `/metrics/workers/<slot>`. */
export interface MetricsPages {
  /** @throws Error if there are no correct totals to show */
  requireSharing(): void;
  serve(req: IncomingMessage, res: ServerResponse): void;
}

const METRICS = '/metrics';
const METRICS_PATH = /^\/metrics(\/workers\/\d{1,4})?$/;

/** Creates the metrics server of the primary. It never waits for a worker, and it accepts GET and HEAD only. */
export function createMetricsServer(
  routes: ReadonlyMap<string, MetricsRoute>,
  metrics: MetricsPages,
): Server {
  const refusals = new Refusals();
  return createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 10_000, headersTimeout: 10_000 },
    (req, res) => {
      res.setHeader('X-Content-Type-Options', 'nosniff');
      answer(routes, metrics, refusals, req, res).catch((error) => {
        log('error', 'metrics server failed', { path: pathForLog(req.url), ...describeError(error) });
        res.destroy();
      });
    },
  );
}

async function answer(
  routes: ReadonlyMap<string, MetricsRoute>,
  metrics: MetricsPages,
  refusals: Refusals,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD');
    send(req, res, 405, text('Only GET and HEAD are served here\n'));
    return;
  }
  const path = (req.url ?? '').split('?', 1)[0]!;
  const route = routes.get(path);
  if (route === undefined && !METRICS_PATH.test(path)) {
    send(req, res, 404, text('Not found\n'));
    return;
  }
  let found: MetricsAnswer;
  try {
    if (route === undefined) {
      metrics.requireSharing();
      refusals.forget(METRICS);
      metrics.serve(req, res);
      return;
    }
    found = await route(req);
    refusals.forget(path);
  } catch (error) {
    refusals.report(route === undefined ? METRICS : path, error);
    send(req, res, 503, text(`Unavailable: ${error instanceof Error ? error.message : String(error)}\n`));
    return;
  }
  send(req, res, 200, found);
}

/** Logs why a path is answered with 503: once per path and reason, and again after the path has recovered. */
class Refusals {
  readonly #reasons = new Map<string, string>();

  report(path: string, error: unknown): void {
    if (this.#reasons.get(path) === String(error)) return;
    this.#reasons.set(path, String(error));
    log('error', 'metrics server cannot answer', { path, ...describeError(error) });
  }

  forget(path: string): void {
    this.#reasons.delete(path);
  }
}

function text(body: string): MetricsAnswer {
  return { contentType: 'text/plain; charset=utf-8', body };
}

function send(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  { contentType, body }: MetricsAnswer,
): void {
  res.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}
