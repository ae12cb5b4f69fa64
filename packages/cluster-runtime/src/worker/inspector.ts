import { open } from 'node:inspector';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Pause between two attempts, because another program on the port may close each connection at once. */
const RETRY_MS = 100;

/**
 * Opens the inspector of this process once the port is free. During a reload, the worker that is being replaced has the port until it
 * exits: https://nodejs.org/api/inspector.html#inspectoropenport-host-wait.
 */
export async function openInspector(port: number, host: string): Promise<void> {
  while (!(await isFree(port, host))) await delay(RETRY_MS);
  open(port, host);
}

/** Resolves with true if nothing listens on the port, otherwise with false once the peer has closed the connection. */
function isFree(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  connect(port, host)
    // A reset: the process exited while it accepted the connection.
    .once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNRESET'))
    .once('close', () => resolve(false))
    .resume();
  return promise;
}
