import { readFileSync } from 'node:fs';

let read = 0;

/** Bytes that this process has read from files so far, but for those that tell it: their number has now more digits, now fewer. */
export function bytesRead(): number {
  const text = readFileSync('/proc/self/io', 'utf8');
  const others = Number(/^rchar: (\d+)$/m.exec(text)![1]) - read;
  read += text.length;
  return others;
}
