import { constants } from 'node:os';
import { koffiFailure } from './koffi-failure.ts';
import { detectBundler, isBundled, loadKoffi } from './load-koffi.cjs';

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

const { EOPNOTSUPP, ENODEV, ENOLCK } = constants.errno;
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
const PR_SET_PDEATHSIG = 1;
const STRUCT_FLOCK_BYTES = 32;

/** 64-bit and little-endian, and koffi has a binary for each. */
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

let loaded: Libc | undefined;
let failure: unknown;

/**
 * Binds the C library through koffi, once.
 * @throws Error if koffi cannot be loaded, or if the platform is not Linux on one of `ARCHITECTURES`; the same error at each call.
 */
export function loadLibc(): Libc {
  if (failure !== undefined) throw failure;
  try {
    loaded ??= bind();
  } catch (error) {
    failure = error;
    throw error;
  }
  return loaded;
}

function koffiOrReason(): typeof import('koffi') {
  try {
    return loadKoffi();
  } catch (error) {
    throw koffiFailure(error as Error, isBundled() ? { bundler: detectBundler() } : undefined);
  }
}

function bind(): Libc {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    throw new Error(
      `sharing metrics needs Linux on x64, arm64, riscv64 or loong64; this is ${process.platform} on ${process.arch}`,
    );
  }
  const koffi = koffiOrReason();
  const library = koffi.load(null);
  const mmap = library.func('void *mmap(void *, size_t, int, int, int, int64_t)');
  const munmap = library.func('int munmap(void *, size_t)');
  const fallocate = library.func('int posix_fallocate(int, int64_t, int64_t)');
  const fcntl = library.func('int fcntl(int, int, void *)');
  const prctl = library.func('int prctl(int, unsigned long)');

  const lock = Buffer.alloc(STRUCT_FLOCK_BYTES);
  const callFcntl = (fd: number, command: number, type = F_WRLCK): number => {
    lock.fill(0);
    lock.writeInt16LE(type, 0);
    return fcntl(fd, command, lock) === -1 ? koffi.errno() : 0;
  };
  const lockOfOthers = (fd: number): number => {
    const error = callFcntl(fd, F_OFD_GETLK);
    if (error !== 0) throw new LibcError('fcntl(F_OFD_GETLK)', error);
    return lock.readInt16LE(0);
  };

  return {
    mmap(fd, offset, length, writable) {
      const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
      const address: bigint = mmap(null, length, protection, MAP_SHARED, fd, offset);
      if (address === MAP_FAILED) throw new LibcError('mmap', koffi.errno());
      return {
        buffer: koffi.view(address, length),
        unmap() {
          if (munmap(address, length) !== 0) throw new LibcError('munmap', koffi.errno());
        },
      };
    },
    allocate(fd, offset, length) {
      let error: number;
      do error = fallocate(fd, offset, length);
      while (error === constants.errno.EINTR);
      if (error !== 0) throw new LibcError('posix_fallocate', error);
    },
    tryLock(fd) {
      const error = callFcntl(fd, F_OFD_SETLK);
      if (error === constants.errno.EAGAIN || error === constants.errno.EACCES) return false;
      if (error !== 0) throw new LibcError('fcntl(F_OFD_SETLK)', error);
      return true;
    },
    shareLock(fd) {
      const error = callFcntl(fd, F_OFD_SETLK, F_RDLCK);
      if (error !== 0) throw new LibcError('fcntl(F_OFD_SETLK)', error);
    },
    isLockedByAnother: (fd) => lockOfOthers(fd) === F_WRLCK,
    isSharedByOthers: (fd) => lockOfOthers(fd) === F_RDLCK,
    dieWithParent() {
      if (prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL) !== 0) {
        throw new LibcError('prctl(PR_SET_PDEATHSIG)', koffi.errno());
      }
    },
  };
}
