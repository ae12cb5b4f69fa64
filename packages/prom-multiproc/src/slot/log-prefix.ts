import { crc32 } from 'node:zlib';
import { CHUNK_BYTES, chunkOffset } from '../format/layout.ts';
import { readFully } from '../os/read-fully.ts';

/** Where the log of a slot file is: its chunks, in file order. */
export interface LogFile {
  readonly fd: number;
  readonly chunks: readonly number[];
}

/** A chunk of each log; for all readers of the thread. */
const [left, right] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];

/** Whether both logs begin with the same so many bytes, of this checksum. */
export function beginAlike(a: LogFile, b: LogFile, bytes: number, crc: number): boolean {
  let sum = 0;
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, bytes - at);
    const piece = pieceOf(a, at, left, length);
    if (!piece.equals(pieceOf(b, at, right, length))) return false;
    sum = crc32(piece, sum);
  }
  return sum === crc;
}

/** Shorter where the file ends before. */
function pieceOf({ fd, chunks }: LogFile, at: number, target: Buffer, length: number): Buffer {
  const got = readFully(fd, target, length, chunkOffset(chunks[at / CHUNK_BYTES]!));
  return target.subarray(0, got);
}
