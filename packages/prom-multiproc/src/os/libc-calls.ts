/**
 * The functions of the C library that sharing needs, each a plain call. Bound by one of two back ends, koffi-calls.ts and
 * node-ffi-calls.ts. Results are those of the C functions.
 */
export interface LibcCalls {
  /** Returns the address, or `MAP_FAILED`. */
  mmap(length: number, protection: number, flags: number, fd: number, offset: number): bigint;
  munmap(address: bigint, length: number): number;
  /** Returns the number of an error, not -1, and does not set `errno` (posix_fallocate(3)). */
  posixFallocate(fd: number, offset: number, length: number): number;
  fcntl(fd: number, command: number, lock: Uint8Array): number;
  prctl(option: number, argument: number): number;
  clockGettime(clock: number, into: Int32Array): number;
  /** `errno` of this thread, immediately after a call that failed. A garbage collection in between may change it. */
  errno(): number;
  /** The mapped memory itself, not a copy. */
  view(address: bigint, length: number): ArrayBuffer;
}
