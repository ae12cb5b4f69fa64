import { closeSync, constants, openSync } from 'node:fs';
import {
  AT_CHUNK_KINDS,
  AT_CHUNKS,
  AT_HEARTBEAT,
  AT_LOG_STATE,
  AT_PID,
  AT_PROCESS,
  AT_PROCESS_METRICS,
  AT_REFUSED,
  AT_STARTED,
  AT_VERSION,
  HEADER_BYTES,
  MAX_CHUNKS,
} from '../format/layout.ts';
import type { Libc, Mapping } from '../os/libc.ts';
import { unmapLater } from '../os/unmap-later.ts';

/** The fields of a mapped header: FORMAT.md#file. */
export class SlotHeader {
  readonly #mapping: Mapping;
  readonly #u64: BigUint64Array;
  readonly #u32: Uint32Array;
  readonly #f64: Float64Array;
  readonly #chunkKinds: Uint8Array;

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
    this.#u64 = new BigUint64Array(mapping.buffer);
    this.#u32 = new Uint32Array(mapping.buffer);
    this.#f64 = new Float64Array(mapping.buffer);
    this.#chunkKinds = new Uint8Array(mapping.buffer, AT_CHUNK_KINDS, MAX_CHUNKS);
  }

  get magic(): bigint {
    return Atomics.load(this.#u64, 0);
  }
  set magic(value: bigint) {
    Atomics.store(this.#u64, 0, value);
  }

  get version(): number {
    return this.#u32[AT_VERSION / 4]!;
  }
  set version(value: number) {
    this.#u32[AT_VERSION / 4] = value;
  }

  get logState(): bigint {
    return Atomics.load(this.#u64, AT_LOG_STATE / 8);
  }
  set logState(value: bigint) {
    Atomics.store(this.#u64, AT_LOG_STATE / 8, value);
  }

  get chunks(): number {
    return Atomics.load(this.#u32, AT_CHUNKS / 4);
  }

  chunkKind(chunk: number): number {
    return this.#chunkKinds[chunk]!;
  }

  /** Publishes one more chunk: stores its kind, then the new number of chunks. @returns the number of the chunk. */
  addChunk(kind: number): number {
    const chunk = this.chunks;
    this.#chunkKinds[chunk] = kind;
    Atomics.store(this.#u32, AT_CHUNKS / 4, chunk + 1);
    return chunk;
  }

  set pid(value: number) {
    this.#u32[AT_PID / 4] = value;
  }
  get pid(): number {
    return this.#u32[AT_PID / 4]!;
  }

  get started(): number {
    return this.#f64[AT_STARTED / 8]!;
  }
  set started(value: number) {
    this.#f64[AT_STARTED / 8] = value;
  }

  get heartbeat(): number {
    return this.#f64[AT_HEARTBEAT / 8]!;
  }
  set heartbeat(value: number) {
    this.#f64[AT_HEARTBEAT / 8] = value;
  }

  get refused(): number {
    return this.#f64[AT_REFUSED / 8]!;
  }
  set refused(value: number) {
    this.#f64[AT_REFUSED / 8] = value;
  }

  set process(value: bigint) {
    this.#u64[AT_PROCESS / 8] = value;
  }
  set processMetrics(value: number) {
    Atomics.store(this.#u32, AT_PROCESS_METRICS / 4, value);
  }

  unmap(): void {
    this.#mapping.unmap();
  }

  /** Unmaps the header once it is unreachable. */
  unmapLater(): void {
    unmapLater(this.#mapping);
  }
}

/**
 * Maps a part of a file through its own descriptor. A mapping keeps its open file description alive, which would keep a lock on
 * the same description after the slot's descriptor is closed.
 */
export function mapThroughOwnDescriptor(libc: Libc, path: string, offset: number, length: number): Mapping {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    return libc.mmap(fd, offset, length, true);
  } finally {
    closeSync(fd);
  }
}

export function mapHeader(libc: Libc, path: string): SlotHeader {
  return new SlotHeader(mapThroughOwnDescriptor(libc, path, 0, HEADER_BYTES));
}
