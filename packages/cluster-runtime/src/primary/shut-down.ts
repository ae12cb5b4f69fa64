import { PRIMARY_FD } from '../core/inherited-socket.ts';
import { log } from '../core/log.ts';

// From <sys/socket.h> of Linux.
const SHUT_RD = 0;
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const INT_BYTES = 4;

/**
 * Returns a function that makes the inherited socket stop listening in all processes that hold it, and resets the connections that wait
 * ([shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html)). Node has none: it can only close its own descriptor. The function
 * returns false if the socket does not listen: a second shutdown would make connections that are accepted later look ended.
 */
export async function loadShutDown(): Promise<() => boolean> {
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const shutdown = library.func('int shutdown(int, int)');
    const getsockopt = library.func('int getsockopt(int, int, int, void *, void *)');
    const value = Buffer.alloc(INT_BYTES);
    const length = Buffer.alloc(INT_BYTES);
    const listens = () => {
      length.writeInt32LE(INT_BYTES);
      return (
        getsockopt(PRIMARY_FD, SOL_SOCKET, SO_ACCEPTCONN, value, length) === 0 && value.readInt32LE() === 1
      );
    };
    return () => listens() && shutdown(PRIMARY_FD, SHUT_RD) === 0;
  } catch (error) {
    log('warn', 'cannot close the port', { error: (error as Error).message });
    return () => false;
  }
}
