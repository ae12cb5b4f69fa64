import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { escapeControls } from '../core/printable.ts';

/** What V8 writes before it ends a process whose heap is full. */
const HEAP_FULL = 'out of memory';

export interface StderrTail {
  /** Whether V8 wrote that the heap was full; to be asked once all was read. */
  heapWasFull(): boolean;
  /** Resolves when all that the process wrote has been read. */
  readonly end: Promise<void>;
}

/** Passes a worker's stderr on, control characters escaped, and looks for what V8 writes at its end: the signal alone does not show why it ended. */
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
