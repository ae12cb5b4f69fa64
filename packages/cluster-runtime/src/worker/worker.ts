import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WORKER_FD } from '../core/inherited-socket.ts';
import { sendToPrimary, type ToWorker } from '../core/ipc.ts';
import { describeError, log } from '../core/log.ts';
import { createServer } from '../core/node-http.ts';
import type { Settings } from '../core/settings.ts';
import { trimHeap } from '../core/trim-heap.ts';
import { MAX_HEADER_BYTES, refuseUnparsed } from '../http/parse-errors.ts';
import { prepareDrain } from './graceful-shutdown.ts';
import { takeLastConnections } from './last-connections.ts';
import { limitBodies } from './late-requests.ts';
import { ASK_EVERY_MS } from './readiness.ts';
import { createRecycling, RECYCLE_CHECK_EVERY_MS } from './recycling.ts';
import type { Sharing } from './sharing.ts';
import { isWebSocket, passUpgrades, type UpgradeParts } from './upgrades.ts';

/** Longer than the idle timeout of the proxy: the proxy must never send a request on a connection that the worker just closed. */
const KEEP_ALIVE_MS = 65_000;
/** Interval at which Node checks `headersTimeout`. */
const LATE_HEADS_CHECK_MS = 1_000;

export interface WorkerParts {
  createListener(isEnding: () => boolean): RequestListener;
  /** Called for each request. */
  onRequest?(): void;
  /** Called with the error code of each request that the parser refused. */
  onUnparsed?(code: string): void;
  /** Resolves with the reason why the application is not ready, or undefined. The worker listens once it is undefined. */
  whyNotReady?(): Promise<string | undefined>;
  /** Undefined if the application accepts no WebSockets. */
  readonly upgrades?: UpgradeParts | undefined;
  /** Called once a draining worker has stopped listening. */
  drain?(deadline: Date): Promise<void> | void;
  /** Called when the last connection is closed, before the process exits. */
  close?(): Promise<void> | void;
  sharing?: Sharing;
  /** Called with each message to the extension in this worker. */
  onExtensionMessage?(message: unknown): void;
}

/** Serves the application until the primary sends `drain` or this worker receives SIGTERM. */
export async function runWorker(settings: Settings, parts: WorkerParts): Promise<void> {
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // limitBodies limits the time of a body.
    requestTimeout: 0,
    headersTimeout: settings.requestTimeoutMs,
    connectionsCheckingInterval: LATE_HEADS_CHECK_MS,
    shouldUpgradeCallback: (req) => parts.upgrades !== undefined && isWebSocket(req),
  });
  refuseUnparsed(server, parts.onUnparsed);
  // The proxy limits the gap between two reads of a body, but not the total time. A late request is counted as 499 (outcome.ts),
  // because the handler of `clientError` destroys the socket with an error.
  const limitBody = limitBodies(server, settings.requestTimeoutMs);
  const drain = prepareDrain(server, {
    upgraded: parts.upgrades && passUpgrades(server, parts.upgrades),
    takeLastConnections: async () => (portEnds(settings) ? takeLastConnections(WORKER_FD, settings.ffi) : []),
    async drainApp(deadline) {
      try {
        await parts.drain?.(deadline);
      } catch (error) {
        log('error', 'drain() of the application failed', describeError(error));
      }
    },
  });
  const recycling = createRecycling({
    ...settings,
    requestReplacement: (reason) => sendToPrimary({ type: 'recycle', reason }),
  });
  /**
   * Whether `/readyz` answers 503: the whole application stops, or this worker received SIGTERM. A worker that the primary replaces or
   * removes stays ready while it drains.
   */
  let ending = false;
  const listener = parts.createListener(() => ending);
  const onRequest = () => {
    recycling.onRequest();
    parts.onRequest?.();
  };
  // The only listener: Node copies a list of several at each request.
  server.on('request', (req, res) => {
    limitBody(req);
    onRequest();
    listener(req, res);
  });
  if (parts.upgrades !== undefined) server.on('upgrade', onRequest);

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
  // A terminal sends these signals to its whole process group. Only the primary acts on them.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) process.on(signal, () => {});
  // The IPC channel closes when the primary exits. A worker must not outlive the primary.
  cluster.worker?.once('disconnect', () => process.exit(1));

  await parts.sharing?.open();
  trimHeap();
  setInterval(recycling.check, RECYCLE_CHECK_EVERY_MS).unref();
  server.once('error', (error) => fail(`cannot listen on ${settings.host}:${settings.port}`, error));
  server.once('listening', () =>
    sendToPrimary({ type: 'listening', port: (server.address() as AddressInfo).port }),
  );
  if (!(await waitUntilReady(parts, drain.isDraining))) return;
  // Of a socket as argument the worker uses the handle itself. With `{ fd }` it would get that descriptor of the primary, which closes it
  // when the last worker exits.
  if (settings.listenOnStdin) server.listen(new Socket({ fd: WORKER_FD }));
  else server.listen(settings.port, settings.host);
}

/** Whether no worker will listen on the inherited socket again, so the first one that stops listening closes it. */
function portEnds({ listenOnStdin, plannedEndMark }: Settings): boolean {
  return listenOnStdin && plannedEndMark !== undefined && existsSync(plannedEndMark);
}

/** Returns false if the worker drains before it was ready. */
async function waitUntilReady(parts: WorkerParts, isDraining: () => boolean): Promise<boolean> {
  while ((await parts.whyNotReady?.()) !== undefined && !isDraining()) await delay(ASK_EVERY_MS);
  return !isDraining();
}
