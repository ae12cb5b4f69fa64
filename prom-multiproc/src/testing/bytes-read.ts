import { readFileSync } from 'node:fs';

/** Bytes that this process has read from files so far. */
export function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
}
