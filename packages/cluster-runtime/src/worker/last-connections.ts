import { Socket } from 'node:net';
import { log } from '../core/log.ts';

// From <fcntl.h> and <sys/socket.h> of Linux.
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SHUT_RD = 0;
/** More than the kernel keeps waiting: Node's backlog. */
const MOST_WAITING = 1024;

/**
 * Accepts the connections that wait in the kernel, and in the same moment closes the port in all processes that hold the socket. Closing
 * it later would reset connections that arrive meanwhile, and a proxy that had sent a request on one could not know whether it was
 * processed. A refused connection it tries elsewhere.
 *
 * @param fd of a listening socket
 */
export async function takeLastConnections(fd: number): Promise<Socket[]> {
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const accept = library.func('int accept4(int, void *, void *, int)');
    const shutdown = library.func('int shutdown(int, int)');
    const accepted: number[] = [];
    for (let next = 0; next >= 0 && accepted.length < MOST_WAITING; ) {
      next = accept(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (next >= 0) accepted.push(next);
    }
    shutdown(fd, SHUT_RD);
    return accepted.map((socket) => new Socket({ fd: socket }));
  } catch (error) {
    log('warn', 'cannot close the port', { error: (error as Error).message });
    return [];
  }
}
