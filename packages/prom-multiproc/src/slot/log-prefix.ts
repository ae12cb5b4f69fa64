import { crc32 } from 'node:zlib';
import { CHUNK_BYTES, chunkOffset } from '../format/layout.ts';
import { readFully } from '../os/read-fully.ts';

/** The log of a slot file: the definitions of its metrics and the labels of its series (FORMAT.md#log). */
export interface LogFile {
  readonly fd: number;
  /** Numbers of its chunks, in file order. */
  readonly chunks: readonly number[];
}

/** One chunk of each log. All readers of the thread share them. */
const [left, right] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];

/** Whether the first `bytes` bytes of both logs are the same and have the CRC-32 `crc`. */
export function havePrefix(a: LogFile, b: LogFile, bytes: number, crc: number): boolean {
  let sum = 0;
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, bytes - at);
    const piece = pieceOf(a, at, left, length);
    if (!piece.equals(pieceOf(b, at, right, length))) return false;
    sum = crc32(piece, sum);
  }
  return sum === crc;
}

/** Shorter than `length` if the file ends before. */
function pieceOf({ fd, chunks }: LogFile, at: number, target: Buffer, length: number): Buffer {
  const got = readFully(fd, target, length, chunkOffset(chunks[at / CHUNK_BYTES]!));
  return target.subarray(0, got);
}
