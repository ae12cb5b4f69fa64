import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { escapeControls } from '../core/printable.ts';

/** What V8 writes before it ends a process whose heap is full. */
const HEAP_FULL = 'out of memory';

export interface LastWords {
  /** Whether the process has said that its heap was full; to be asked once it is over and all was read. */
  heapWasFull(): boolean;
  /** Resolves when everything it said has been read. */
  readonly end: Promise<void>;
}

/** Hands a worker's stderr on, control characters escaped, and listens for what it says at its death: the signal alone does not tell why. */
export function listenForLastWords(stderr: Readable | null, to: NodeJS.WritableStream): LastWords {
  let last = '';
  let full = false;
  const decoder = new StringDecoder('utf8');
  const { promise: end, resolve } = Promise.withResolvers<void>();
  if (stderr === null) resolve();
  stderr?.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    to.write(escapeControls(text));
    last = last.slice(-HEAP_FULL.length) + text;
    full ||= last.includes(HEAP_FULL);
  });
  stderr?.once('end', () => to.write(escapeControls(decoder.end())));
  stderr?.once('close', resolve);
  return { heapWasFull: () => full, end };
}
