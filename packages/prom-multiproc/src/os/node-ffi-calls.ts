import type { LibcCalls } from './libc-calls.ts';

const INT_BYTES = 4;

/**
 * Binds the C library through [node:ffi](https://nodejs.org/api/ffi.html), which needs no add-on.
 * @throws Error that says what to do, if this Node has no node:ffi or does not allow it.
 */
export function nodeFfiCalls(): LibcCalls {
  // Not an import: bundlers and Node 24 would fail on it.
  const ffi = process.getBuiltinModule('node:ffi');
  if (ffi === undefined) {
    throw new Error(
      `PROM_MULTIPROC_FFI=node needs node:ffi, which Node ${process.version} does not offer here: use Node 26.9 or later without --no-experimental-ffi, or unset the variable to use koffi`,
    );
  }
  const { mmap, munmap, posix_fallocate, fcntl, prctl, clock_gettime, __errno_location } = bind(ffi);
  // node:ffi does not save errno. It is read in place, without another foreign call: the address is that of this thread.
  const errno = new Int32Array(ffi.toArrayBuffer(__errno_location(), INT_BYTES, false));
  return {
    mmap: (length, protection, flags, fd, offset) =>
      mmap(0n, BigInt(length), protection, flags, fd, BigInt(offset)),
    munmap: (address, length) => munmap(address, BigInt(length)),
    posixFallocate: (fd, offset, length) => posix_fallocate(fd, BigInt(offset), BigInt(length)),
    fcntl,
    prctl: (option, argument) => prctl(option, BigInt(argument)),
    clockGettime: clock_gettime,
    errno: () => errno[0]!,
    // Garbage collection neither moves nor frees the memory: the ArrayBuffer does not own it.
    view: (address, length) => ffi.toArrayBuffer(address, length, false),
  };
}

function bind(ffi: typeof import('node:ffi')) {
  try {
    return ffi.dlopen(null, {
      mmap: { return: 'pointer', arguments: ['pointer', 'u64', 'i32', 'i32', 'i32', 'i64'] },
      munmap: { return: 'i32', arguments: ['pointer', 'u64'] },
      posix_fallocate: { return: 'i32', arguments: ['i32', 'i64', 'i64'] },
      // On Linux a variadic function takes integers and pointers as another does.
      fcntl: { return: 'i32', arguments: ['i32', 'i32', 'pointer'] },
      prctl: { return: 'i32', arguments: ['i32', 'u64'] },
      clock_gettime: { return: 'i32', arguments: ['i32', 'pointer'] },
      // What the macro errno stands for, in glibc and musl.
      __errno_location: { return: 'pointer', arguments: [] },
    }).functions;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_ACCESS_DENIED') throw cause;
    throw new Error(
      `node:ffi is not allowed (${message}): Node runs with --permission but without --allow-ffi. Allow it`,
      { cause },
    );
  }
}
