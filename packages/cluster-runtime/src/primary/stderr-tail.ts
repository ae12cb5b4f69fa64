import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { escapeControls } from '../core/printable.ts';

/** V8 writes this before it aborts a process whose heap is full. */
const HEAP_FULL = 'out of memory';

export interface StderrTail {
  /** Returns whether V8 reported a full heap. Call it after `end` has resolved. */
  heapWasFull(): boolean;
  /** Resolves when stderr has been read to its end. */
  readonly end: Promise<void>;
}

/** Copies stderr of a worker to `to` with control characters escaped, and searches it for V8's report of a full heap. */
export function followStderr(stderr: Readable | null, to: NodeJS.WritableStream): StderrTail {
  let tail = '';
  let full = false;
  const decoder = new StringDecoder('utf8');
  const { promise: end, resolve } = Promise.withResolvers<void>();
  if (stderr === null) resolve();
  stderr?.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    to.write(escapeControls(text));
    tail = tail.slice(-HEAP_FULL.length) + text;
    full ||= tail.includes(HEAP_FULL);
  });
  stderr?.once('end', () => to.write(escapeControls(decoder.end())));
  stderr?.once('close', resolve);
  return { heapWasFull: () => full, end };
}
