/** The HTTP layer of `metricsHandler` and of the command `prom-multiproc serve`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, gzip } from 'node:zlib';
import type { DirectoryPages, Draft } from './directory-pages.ts';
import { joinPages } from './exposition/join-pages.ts';
import { negotiate } from './exposition/negotiation.ts';
import { reusePage } from './exposition/page.ts';
import { TEXT_CONTENT_TYPE } from './exposition/page-format.ts';
import type { Selection } from './process/registry-view.ts';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
}

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Makes the page of a path. `accept` is the header `Accept`, if any. */
export type PageMaker = (path: string, accept: string | undefined) => Page | Promise<Page>;

/**
 * Answers GET and HEAD with the page of the path (without query), gzipped if the client accepts it. If `pageFor` throws or
 * rejects, answers 503 with the message. Answers other methods with `refusal`, by default 405.
 */
export function pageHandler(pageFor: PageMaker, refusal?: Page): PageHandler {
  const answer = async (path: string, accept: string | undefined): Promise<Page> => pageFor(path, accept);
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (refusal === undefined) response.setHeader('Allow', 'GET, HEAD');
      send(request, response, refusal ?? plain(405, 'Only GET and HEAD are served here'));
      return;
    }
    const path = (request.url ?? '').split('?', 1)[0]!;
    answer(path, request.headers.accept)
      .catch((error: Error) => plain(503, error.message))
      .then((page) => send(request, response, page))
      // The code around the handler has already answered, for example after its own timeout.
      .catch(() => response.destroy());
  };
}

/** The application's registry. */
export interface ShownRegistry {
  readonly contentType: string;
  /** See `ShareOptions.includeCreatedTimestamps`. */
  readonly created: boolean;
  /** Default: that of the directory's pages. */
  readonly selection: Selection | undefined;
}

const NO_REGISTRY: ShownRegistry = { contentType: TEXT_CONTENT_TYPE, created: false, selection: undefined };

/** The counts of the living worker that holds `slot`, or 404. @throws Error if the directory cannot be read */
export function workerPage(
  pages: DirectoryPages,
  slot: number,
  accept: string | undefined,
  registry = NO_REGISTRY,
): Page {
  const draft = pages.worker(slot, registry.selection);
  if (draft === undefined) return plain(404, `No living worker holds slot ${slot}`);
  return pageOf(draft, accept, registry);
}

/** The totals of a directory. @throws Error if it cannot be read */
export function totalsPage(pages: DirectoryPages, accept: string | undefined): Page {
  return pageOf(pages.totals(), accept, NO_REGISTRY);
}

function pageOf(draft: Draft, accept: string | undefined, registry: ShownRegistry): Page {
  const { created } = registry;
  const offersOpen = created || draft.hasExemplars;
  const { format, contentType } = negotiate(accept, registry.contentType, offersOpen);
  return { status: 200, contentType, body: joinPages([draft.render({ ...format, created })], format) };
}

export function plain(status: number, text: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: Page): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept, Accept-Encoding');
  const finish = (encoded: string | Buffer): void => {
    response.setHeader('Content-Length', Buffer.byteLength(encoded));
    response.end(request.method === 'HEAD' ? undefined : encoded);
  };
  if (!acceptsGzip(request)) {
    if (isUnwrapped(response)) response.once('close', () => reuse(body));
    finish(body);
    return;
  }
  gzip(body, { level: constants.Z_BEST_SPEED }, (error, encoded) => {
    if (error === null) response.setHeader('Content-Encoding', 'gzip');
    finish(error === null ? encoded : body);
    if (error === null) reuse(body);
  });
}

/** Whether Node itself sends the body. Other code may keep it beyond the end of the response. */
function isUnwrapped(response: ServerResponse): boolean {
  // An import of a value from 'node:http' would load undici in each process: 40 ms and 2 MB.
  const { write, end } = process.getBuiltinModule('node:http').ServerResponse.prototype;
  return response.write === write && response.end === end;
}

function reuse(body: string | Buffer): void {
  if (typeof body !== 'string') reusePage(body);
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const wanted = String(headers['accept-encoding'] ?? '').split(',');
  return wanted.some((coding) => /^\s*gzip\s*(;\s*q=(1|0?\.\d*[1-9]\d*|1\.0*))?\s*$/i.test(coding));
}
