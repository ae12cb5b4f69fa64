import { constants } from 'node:os';
import { koffiFailure } from './koffi-failure.ts';
import { bundlerAtHand, isBundled, loadKoffi } from './load-koffi.cjs';

/** The calls of the C library that Node has no counterpart for. File descriptors come from `node:fs`. */
export interface Libc {
  /** Maps `length` bytes of the file from `offset`, shared. @throws LibcError */
  mmap(fd: number, offset: number, length: number, writable: boolean): Mapping;
  /** Reserves disk space, growing the file as needed, so that no store can hit a full disk. @throws LibcError (ENOSPC) */
  allocate(fd: number, offset: number, length: number): void;
  /** Takes the write lock of the open file description over the whole file; false when another holds it. @throws LibcError */
  tryLock(fd: number): boolean;
  /** Turns the write lock of the open file description into a read lock, at once. @throws LibcError */
  shareLock(fd: number): void;
  /** Whether another open file description holds the write lock on the file; acquires nothing. @throws LibcError */
  isLockedByAnother(fd: number): boolean;
  /** Whether others hold read locks on the file, and nobody the write lock; acquires nothing. @throws LibcError */
  isSharedByOthers(fd: number): boolean;
  /** Asks the kernel for SIGKILL when the thread that started this process ends. @throws LibcError */
  dieWithParent(): void;
}

export interface Mapping {
  readonly buffer: ArrayBuffer;
  /** Ends the mapping. Any later use of `buffer` ends the process: drop every view first. */
  unmap(): void;
}

export class LibcError extends Error {
  override readonly name = 'LibcError';
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
    super(`${call} failed: ${code}`);
    this.code = code;
  }
}

const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

// <sys/mman.h>, <fcntl.h>, <sys/prctl.h> of 64-bit Linux.
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

let loaded: Libc | undefined;
let failure: unknown;

/**
 * Binds the C library through koffi, once.
 * @throws Error where koffi has no binary for this platform, or the platform is not 64-bit little-endian Linux.
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
    throw koffiFailure(error as Error, isBundled() ? { bundler: bundlerAtHand() } : undefined);
  }
}

function bind(): Libc {
  if (process.platform !== 'linux' || !['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) {
    throw new Error(`sharing metrics needs 64-bit Linux, this is ${process.platform} on ${process.arch}`);
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
