import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Following } from './stack.ts';

const LOOK_EVERY_MS = 50;
const BLOCK_BYTES = 65_536;

/**
 * Returns the files of a log that supervisord rotates, the oldest first: supervisord renames NAME to NAME.1, NAME.1 to NAME.2, and
 * opens NAME again.
 */
function filesOf(path: string): string[] {
  const files = [path];
  for (let n = 1; exists(`${path}.${n}`); n++) files.unshift(`${path}.${n}`);
  return files.filter(exists);
}

const exists = (path: string): boolean => inodeOf(path) !== undefined;
const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** Returns a log with its rotated files. */
export function readLog(path: string): string {
  return filesOf(path)
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}

/** Passes each line that is appended to a log on once, over rotation. */
export class FileFollower implements Following {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #fd: number;
  #position: number;
  #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
    this.#fd = openSync(path, 'r');
    this.#position = fstatSync(this.#fd).size;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** Reads what was appended. */
  look(): void {
    this.#read();
    for (let newer = this.#newer(); newer.length > 0; newer = this.#newer()) {
      // The file is complete once it has another name.
      this.#read();
      closeSync(this.#fd);
      this.#fd = openSync(newer[0]!, 'r');
      this.#position = 0;
      this.#read();
    }
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#fd);
  }

  /** The files after the one that is open; none while supervisord is renaming. */
  #newer(): string[] {
    const { ino } = fstatSync(this.#fd);
    const files = filesOf(this.#path);
    const open = files.findIndex((file) => inodeOf(file) === ino);
    return open < 0 ? [] : files.slice(open + 1);
  }

  #read(): void {
    for (;;) {
      const bytes = readSync(this.#fd, this.#block, 0, BLOCK_BYTES, this.#position);
      if (bytes === 0) return;
      this.#position += bytes;
      this.#take(this.#decoder.write(this.#block.subarray(0, bytes)));
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#onLine(line);
  }
}
