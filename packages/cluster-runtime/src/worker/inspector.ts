import { once } from 'node:events';
import { open } from 'node:inspector';
import { connect } from 'node:net';

/**
 * Opens the inspector of this process when the port is free. During a reload the worker that is replaced has the port until it exits:
 * https://nodejs.org/api/inspector.html#inspectoropenport-host-wait.
 */
export async function openInspector(port: number, host: string): Promise<void> {
  while (await wasInUse(port, host)) {}
  open(port, host);
}

/** Resolves with false if nothing listens, and with true once the process that listens has closed the connection. */
async function wasInUse(port: number, host: string): Promise<boolean> {
  const socket = connect(port, host);
  // Without the listener an error would be thrown.
  const failed = new Promise<boolean>((done) => socket.once('error', (error) => done(isReset(error))));
  socket.resume();
  const closed = once(socket, 'close').then(() => true);
  return Promise.race([failed, closed]);
}

/** The process exited while it accepted the connection. */
function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET';
}
