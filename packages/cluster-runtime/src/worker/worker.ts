import cluster from 'node:cluster';
import { createServer, type RequestListener } from 'node:http';
import { sendToPrimary, type ToWorker } from '../core/ipc.ts';
import { describeError, log } from '../core/log.ts';
import type { Settings } from '../core/settings.ts';
import { MAX_HEADER_BYTES, refuseUnparsed } from '../http/parse-errors.ts';
import { prepareDrain } from './graceful-shutdown.ts';
import { createRecycling, RECYCLE_CHECK_EVERY_MS } from './recycling.ts';
import type { Sharing } from './sharing.ts';

/** The proxy lets go of an idle connection after seconds; it must never meet one that this side just closed. */
const KEEP_ALIVE_MS = 65_000;
/** Node looks for requests that are late no more often than this. */
const LATE_REQUESTS_CHECK_MS = 1_000;

export interface WorkerParts {
  createListener(isDraining: () => boolean): RequestListener;
  /** Counts a request that the parser refused, by the code of its error. */
  onUnparsed?(code: string): void;
  /** Called when all is answered, before the process ends. */
  close?(): Promise<void> | void;
  sharing?: Sharing;
  /** Called with each message to the extension in this worker. */
  onExtensionMessage?(message: unknown): void;
}

/** Serves the application until the primary, or a SIGTERM to this worker alone, asks it to drain. */
export async function runWorker(settings: Settings, parts: WorkerParts): Promise<void> {
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The proxy has a deadline for the gap between two pieces of a body, and none for all of it. A late request is counted as
    // one that its client left (outcome.ts): what handles `clientError` destroys the socket with the error.
    requestTimeout: settings.requestTimeoutMs,
    headersTimeout: settings.requestTimeoutMs,
    connectionsCheckingInterval: LATE_REQUESTS_CHECK_MS,
  });
  refuseUnparsed(server, parts.onUnparsed);
  const drain = prepareDrain(server);
  const recycling = createRecycling({
    ...settings,
    ask: (reason) => sendToPrimary({ type: 'recycle', reason }),
  });
  /** Whether the whole application ends: while others serve on, it is ready. */
  let ending = false;
  server.on('request', recycling.onRequest);
  server.on(
    'request',
    parts.createListener(() => ending),
  );

  async function end(whole: boolean): Promise<void> {
    ending ||= whole;
    if (drain.isDraining()) return;
    sendToPrimary({ type: 'draining' });
    const cut = await drain.start(whole ? settings.drainWaitMs : 0, settings.drainTimeoutMs);
    if (cut > 0) log('warn', 'drain deadline exceeded; closing connections', { connections: cut });
    await parts.close?.();
    process.exit(0);
  }

  function fail(reason: string, error: unknown): void {
    log('error', reason, describeError(error));
    process.exit(1);
  }

  process.on('message', (message: ToWorker) => {
    if (message.type === 'ping') {
      sendToPrimary({ type: 'pong' });
    } else if (message.type === 'drain') {
      end(message.whole).catch((error) => fail('drain failed', error));
    } else if (message.type === 'serve-anyway') {
      parts.sharing?.serveAnyway();
    } else if (message.type === 'extension') {
      parts.onExtensionMessage?.(message.message);
    }
  });
  process.on('SIGTERM', () => {
    end(true).catch((error) => fail('drain failed', error));
  });
  // What a terminal sends to its whole process group: the primary alone decides what comes of it.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) process.on(signal, () => {});
  // The channel to the primary closed: the primary has ended, and a worker must not outlive it.
  cluster.worker?.once('disconnect', () => process.exit(1));

  await parts.sharing?.open();
  setInterval(recycling.check, RECYCLE_CHECK_EVERY_MS).unref();
  server.once('error', (error) => fail(`cannot listen on ${settings.host}:${settings.port}`, error));
  server.listen(settings.port, settings.host);
}
