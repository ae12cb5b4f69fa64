import { fstatSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  CHUNK_BYTES,
  CHUNK_OF_CELLS,
  CHUNK_OF_EXEMPLARS,
  CHUNK_OF_LOG,
  chunkOffset,
  HEADER_BYTES,
  MAX_CHUNKS,
} from '../format/layout.ts';
import { BadLogError } from '../format/log-codec.ts';
import { readFully } from '../os/read-fully.ts';
import type { SlotHeader } from './slot-header.ts';

/** Chunk numbers of a file, by kind and in file order. */
export interface ChunkTable {
  readonly cells: number[];
  readonly log: number[];
  readonly exemplars: number[];
}

/** @throws BadLogError if a chunk of the header is of unknown kind or not in the file. */
export function readChunkTable(header: SlotHeader, fd: number): ChunkTable {
  const chunks = header.chunks;
  // The size is read after the count, because a writer grows the file before it publishes a chunk.
  const { size } = fstatSync(fd);
  if (chunks > MAX_CHUNKS) throw new BadLogError(`${chunks} chunks, at most ${MAX_CHUNKS} are allowed`);
  if (size < HEADER_BYTES + chunks * CHUNK_BYTES) {
    throw new BadLogError(`file is truncated: ${size} bytes for ${chunks} chunks`);
  }
  const table: ChunkTable = { cells: [], log: [], exemplars: [] };
  for (let chunk = 0; chunk < chunks; chunk++) {
    const kind = header.chunkKind(chunk);
    if (kind === CHUNK_OF_CELLS) table.cells.push(chunk);
    else if (kind === CHUNK_OF_LOG) table.log.push(chunk);
    else if (kind === CHUNK_OF_EXEMPLARS) table.exemplars.push(chunk);
    else throw new BadLogError(`chunk ${chunk} is of unknown kind ${kind}`);
  }
  return table;
}

/**
 * Reads the bytes `from` up to `to` of the log. They must continue the CRC-32 `crcBefore` to `crcAfter`.
 * @throws BadLogError if they do not, or if the log is shorter.
 */
export function readLog(
  fd: number,
  logChunks: readonly number[],
  from: number,
  to: number,
  crcBefore: number,
  crcAfter: number,
): Buffer {
  if (to < from || to % 8 !== 0 || to > logChunks.length * CHUNK_BYTES) {
    const chunks = `${logChunks.length} ${logChunks.length === 1 ? 'chunk' : 'chunks'} of log`;
    throw new BadLogError(`invalid log length ${to}: ${from} bytes already read, ${chunks}`);
  }
  const bytes = Buffer.allocUnsafe(to - from);
  for (let at = from; at < to; ) {
    const within = at % CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES - within, to - at);
    const position = chunkOffset(logChunks[Math.floor(at / CHUNK_BYTES)]!) + within;
    if (readFully(fd, bytes.subarray(at - from), length, position) < length) {
      throw new BadLogError(`file ends within the log, at byte ${position}`);
    }
    at += length;
  }
  if (crc32(bytes, crcBefore) !== crcAfter) throw new BadLogError('log checksum does not match');
  return bytes;
}
