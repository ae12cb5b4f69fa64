import { fstatSync, readSync } from 'node:fs';
import { AT_CHUNKS, AT_LOG_STATE, AT_MAGIC, HEADER_BYTES } from '../format/layout.ts';
import { BadLogError } from '../format/log-codec.ts';

/** Whether the file belongs to this user and is unborn: FORMAT.md#taking-a-slot. */
export function isUnborn(fd: number): boolean {
  const { size, uid } = fstatSync(fd);
  if (size > HEADER_BYTES || uid !== process.geteuid?.()) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(fd, header, 0, size, 0);
  return (
    header.readBigUInt64LE(AT_MAGIC) === 0n &&
    header.readBigUInt64LE(AT_LOG_STATE) === 0n &&
    header.readUInt32LE(AT_CHUNKS) === 0
  );
}

/** @throws BadLogError if the file belongs to another user, which readers do not trust, or is too short for a header. */
export function checkFile(fd: number): void {
  const { size, uid } = fstatSync(fd);
  if (uid !== process.geteuid?.()) throw new BadLogError(`belongs to user id ${uid}`);
  if (size < HEADER_BYTES) throw new BadLogError(`file is truncated: ${size} bytes`);
}
