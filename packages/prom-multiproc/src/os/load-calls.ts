import { koffiCalls } from './koffi-calls.ts';
import type { LibcCalls } from './libc-calls.ts';
import { nodeFfiCalls } from './node-ffi-calls.ts';

let loaded: LibcCalls | undefined;
let failure: unknown;

/**
 * Binds the C library, once in each thread: through koffi, or through node:ffi if the environment variable `PROM_MULTIPROC_FFI` is
 * `node`. There is no fallback from one to the other.
 * @throws Error if the back end cannot be loaded or the variable has another value; the same error at each call.
 */
export function loadCalls(): LibcCalls {
  if (failure !== undefined) throw failure;
  try {
    loaded ??= chosen();
  } catch (error) {
    failure = error;
    throw error;
  }
  return loaded;
}

function chosen(): LibcCalls {
  const ffi = process.env.PROM_MULTIPROC_FFI;
  if (ffi === 'node') return nodeFfiCalls();
  if (!ffi || ffi === 'koffi') return koffiCalls();
  throw new Error(`PROM_MULTIPROC_FFI=${JSON.stringify(ffi)}: set koffi or node, or unset it for koffi`);
}
