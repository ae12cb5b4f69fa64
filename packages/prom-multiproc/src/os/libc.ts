import { constants } from 'node:os';
import type { LibcCalls } from './libc-calls.ts';
import { loadCalls } from './load-calls.ts';

/**
 * C library calls that Node does not offer, on file descriptors of `node:fs`. All throw LibcError. The locks are open file
 * description locks on the whole file ([fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl_locking.2.html)).
 */
export interface Libc {
  /** Maps `length` bytes of the file from `offset`, with `MAP_SHARED`. */
  mmap(fd: number, offset: number, length: number, writable: boolean): Mapping;
  /**
   * Reserves disk space and grows the file as needed (posix_fallocate(3)). A later store cannot fail for lack of space.
   * @throws LibcError with code ENOSPC on a full disk.
   */
  allocate(fd: number, offset: number, length: number): void;
  /** Takes the write lock. False if another open file description holds a lock. */
  tryLock(fd: number): boolean;
  /** Converts the write lock to a read lock atomically. */
  shareLock(fd: number): void;
  /** Whether another open file description holds the write lock. Acquires nothing. */
  isLockedByAnother(fd: number): boolean;
  /** Whether others hold read locks and none the write lock. Acquires nothing. */
  isSharedByOthers(fd: number): boolean;
  /** Makes the kernel send this process SIGKILL when the thread that started it ends (`PR_SET_PDEATHSIG`). */
  dieWithParent(): void;
}

export interface Mapping {
  readonly buffer: ArrayBuffer;
  /** Ends the mapping. A later access to `buffer` crashes the process: drop every view first. */
  unmap(): void;
}

/** A failed call. `code` is the name of its errno, such as `ENOSPC`. The message says if the file system is unsuitable. */
export class LibcError extends Error {
  override readonly name = 'LibcError';
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
    super(`${call} failed: ${code}${UNSUPPORTED.has(errno) ? `; ${NEEDS_TMPFS}` : ''}`);
    this.code = code;
  }
}

const { EOPNOTSUPP, ENODEV, ENOLCK, EAGAIN, EACCES } = constants.errno;
const UNSUPPORTED: ReadonlySet<number> = new Set([EOPNOTSUPP, ENODEV, ENOLCK]);
const NEEDS_TMPFS = 'the file system does not support shared memory or locks: use a directory on a tmpfs';

const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

// From <sys/mman.h>, <fcntl.h> and <sys/prctl.h> of 64-bit Linux.
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const PR_SET_PDEATHSIG = 1;
const STRUCT_FLOCK_BYTES = 32;
/** Instead of an errno that was lost. */
const UNKNOWN_ERROR = -1;

/** 64-bit and little-endian, and koffi has a binary for each. */
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

let loaded: Libc | undefined;

/** @throws Error of `loadCalls()`, or if the platform is not Linux on one of `ARCHITECTURES` */
export function loadLibc(): Libc {
  loaded ??= bind();
  return loaded;
}

function bind(): Libc {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    throw new Error(
      `sharing metrics needs Linux on x64, arm64, riscv64 or loong64; this is ${process.platform} on ${process.arch}`,
    );
  }
  return libcOf(loadCalls());
}

/**
 * Only messages depend on `errno`, and no result: if V8 collects garbage before it is read, its own calls change it, with both back ends
 * (to EAGAIN in 1 of 100 forced collections).
 */
export function libcOf(calls: LibcCalls): Libc {
  const lock = Buffer.alloc(STRUCT_FLOCK_BYTES);
  const callFcntl = (fd: number, command: number, type = F_WRLCK): number => {
    lock.fill(0);
    lock.writeInt16LE(type, 0);
    if (calls.fcntl(fd, command, lock) !== -1) return 0;
    return calls.errno() || UNKNOWN_ERROR;
  };
  const lockOfOthers = (fd: number): number => {
    const error = callFcntl(fd, F_OFD_GETLK);
    if (error !== 0) throw new LibcError('fcntl(F_OFD_GETLK)', error);
    return lock.readInt16LE(0);
  };

  return {
    mmap(fd, offset, length, writable) {
      const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
      const address = calls.mmap(length, protection, MAP_SHARED, fd, offset);
      if (address === MAP_FAILED) throw new LibcError('mmap', calls.errno());
      return {
        buffer: calls.view(address, length),
        unmap() {
          if (calls.munmap(address, length) !== 0) throw new LibcError('munmap', calls.errno());
        },
      };
    },
    allocate(fd, offset, length) {
      let error: number;
      do error = calls.posixFallocate(fd, offset, length);
      while (error === constants.errno.EINTR);
      if (error !== 0) throw new LibcError('posix_fallocate', error);
    },
    tryLock(fd) {
      for (let attempt = 0; ; attempt++) {
        const error = callFcntl(fd, F_OFD_SETLK);
        if (error === 0) return true;
        if (lockOfOthers(fd) !== F_UNLCK) return false;
        // The lock was released since, or this is another error, which the next attempt gets again.
        if (attempt > 0 && error !== EAGAIN && error !== EACCES)
          throw new LibcError('fcntl(F_OFD_SETLK)', error);
      }
    },
    shareLock(fd) {
      const error = callFcntl(fd, F_OFD_SETLK, F_RDLCK);
      if (error !== 0) throw new LibcError('fcntl(F_OFD_SETLK)', error);
    },
    isLockedByAnother: (fd) => lockOfOthers(fd) === F_WRLCK,
    isSharedByOthers: (fd) => lockOfOthers(fd) === F_RDLCK,
    dieWithParent() {
      if (calls.prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL) !== 0) {
        throw new LibcError('prctl(PR_SET_PDEATHSIG)', calls.errno());
      }
    },
  };
}
