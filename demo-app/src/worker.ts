import cluster from 'node:cluster';
import { createServer, type RequestListener } from 'node:http';
import { prepareDrain } from './drain.ts';
import { describeError, log } from './log.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import type { Settings } from './settings.ts';

/** The proxy lets go of an idle connection after seconds; it must never meet one that this side just closed. */
const KEEP_ALIVE_MS = 65_000;

export interface WorkerParts {
  createApp(isDraining: () => boolean): RequestListener;
  /** Answers the control of the demonstration, when it is on. */
  unsharedText?: () => Promise<string>;
}

/** Serves the application until the primary, or a SIGTERM to this worker alone, asks it to drain. */
export function runWorker(settings: Settings, parts: WorkerParts): void {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  const drain = prepareDrain(server);
  server.on('request', parts.createApp(drain.isDraining));

  function tell(message: ToPrimary): void {
    if (process.connected) process.send?.(message);
  }

  async function end(): Promise<void> {
    if (drain.isDraining()) return;
    tell({ type: 'draining' });
    const cut = await drain.start(settings.drainWaitMs, settings.drainTimeoutMs);
    if (cut > 0) log('warn', 'connections cut at the deadline of the drain', { connections: cut });
    process.exit(0);
  }

  function fail(reason: string, error: unknown): void {
    log('error', reason, describeError(error));
    process.exit(1);
  }

  process.on('message', (message: ToWorker) => {
    if (message.type === 'drain') {
      end().catch((error) => fail('drain failed', error));
    } else if (message.type === 'unshared' && parts.unsharedText !== undefined) {
      const { id } = message;
      parts.unsharedText().then(
        (text) => tell({ type: 'unshared', id, text }),
        (error) => log('error', 'unshared metrics failed', describeError(error)),
      );
    }
  });
  process.on('SIGTERM', () => {
    end().catch((error) => fail('drain failed', error));
  });
  // Ctrl-C reaches the whole process group: the primary alone decides what comes of it.
  process.on('SIGINT', () => {});
  // The channel to the primary closed: it is gone, and a worker must not outlive it.
  cluster.worker?.once('disconnect', () => process.exit(1));

  server.once('error', (error) => fail(`cannot listen on ${settings.host}:${settings.port}`, error));
  server.listen(settings.port, settings.host);
}
