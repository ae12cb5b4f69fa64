import { type BackEnd, bindFunctions } from './c-functions.ts';
import { log } from './log.ts';

// From <sys/socket.h> and <fcntl.h> of Linux.
const SHUT_RD = 0;
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const SO_BINDTOIFINDEX = 62;
const INT_BYTES = 4;
/** The largest number of a network interface; none has it. */
const NO_INTERFACE = 0x7fffffff;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** As Node's. */
const BACKLOG = 511;

/** System calls that Node does not offer: it can only close its own descriptor of a socket. */
export interface SocketCalls {
  /**
   * Makes the socket stop listening in all processes that hold it, and resets the connections that wait
   * ([shutdown(2)](https://man7.org/linux/man-pages/man2/shutdown.2.html)). Returns false, without a call, if it does not listen: a
   * second shutdown would make connections that are accepted later look ended.
   */
  shutDown(): boolean;
  /**
   * Refuses connections that have not begun yet. Those whose handshake has begun are still completed, and can be accepted. It cannot be
   * undone: the kernel binds the socket to a network interface that does not exist, and only root may bind it to another
   * ([socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html), SO_BINDTODEVICE). Returns whether the socket refuses them, also if
   * another process called it.
   */
  refuseNew(): boolean;
  /** Accepts a connection that the kernel has completed, and returns its descriptor; negative if none waits. */
  accept(): number;
  /** Makes the socket listen again. Processes that listened on it accept connections again. */
  reopen(): void;
}

/** Binds the C library. If that fails, the calls do nothing. */
export async function loadSocketCalls(fd: number, ffi: BackEnd): Promise<SocketCalls> {
  try {
    const { shutdown, accept4, listen, getsockopt, setsockopt } = await bindFunctions(ffi, {
      shutdown: ['int', 'int'],
      accept4: ['int', 'pointer', 'pointer', 'int'],
      listen: ['int', 'int'],
      getsockopt: ['int', 'int', 'int', 'pointer', 'pointer'],
      setsockopt: ['int', 'int', 'int', 'pointer', 'int'],
    });
    const value = Buffer.alloc(INT_BYTES);
    const length = Buffer.alloc(INT_BYTES);
    const noInterface = Buffer.alloc(INT_BYTES);
    noInterface.writeInt32LE(NO_INTERFACE);
    const has = (option: number, expected: number) => {
      length.writeInt32LE(INT_BYTES);
      return getsockopt(fd, SOL_SOCKET, option, value, length) === 0 && value.readInt32LE() === expected;
    };
    const listens = () => has(SO_ACCEPTCONN, 1);
    return {
      shutDown: () => listens() && shutdown(fd, SHUT_RD) === 0,
      refuseNew: () =>
        setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, noInterface, INT_BYTES) === 0 ||
        has(SO_BINDTOIFINDEX, NO_INTERFACE),
      accept: () => accept4(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC),
      reopen: () => void listen(fd, BACKLOG),
    };
  } catch (error) {
    log('warn', 'cannot close the port', { error: (error as Error).message });
    return { shutDown: () => false, refuseNew: () => false, accept: () => -1, reopen() {} };
  }
}
