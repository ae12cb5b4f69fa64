import { koffiFailure } from './koffi-failure.ts';
import type { LibcCalls } from './libc-calls.ts';
import { detectBundler, isBundled, loadKoffi } from './load-koffi.cjs';

/**
 * Binds the C library through koffi, a native add-on.
 * @throws Error that says what to do, if koffi cannot be loaded.
 */
export function koffiCalls(): LibcCalls {
  const koffi = koffiOrReason();
  const library = koffi.load(null);
  const mmap = library.func('void *mmap(void *, size_t, int, int, int, int64_t)');
  return {
    mmap: (length, protection, flags, fd, offset) => mmap(null, length, protection, flags, fd, offset),
    munmap: library.func('int munmap(void *, size_t)'),
    posixFallocate: library.func('int posix_fallocate(int, int64_t, int64_t)'),
    fcntl: library.func('int fcntl(int, int, void *)'),
    prctl: library.func('int prctl(int, unsigned long)'),
    clockGettime: library.func('int clock_gettime(int, void *)'),
    errno: () => koffi.errno(),
    view: (address, length) => koffi.view(address, length),
  };
}

function koffiOrReason(): typeof import('koffi') {
  try {
    return loadKoffi();
  } catch (error) {
    throw koffiFailure(error as Error, isBundled() ? { bundler: detectBundler() } : undefined);
  }
}
