import { randomInt } from 'node:crypto';
import { grown } from './int-list.ts';
import { u32At } from './log-record.ts';
import { PADDING } from './text-writer.ts';

/** Labels as the text format has them, without braces: `method="GET",route="/"`, in UTF-8. */

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const LETTER_N = 0x6e;
const FNV_PRIME = 0x01000193;

/** Who chooses label values must not be able to choose them so that all hashes agree. */
const SEED = randomInt(2 ** 32);

/** The label names of a metric, ready to be written before values. */
export class LabelNames {
  /** `name="` of each. */
  readonly heads: readonly Uint8Array[];
  /** Where the hash of a label begins. */
  readonly seeds: Int32Array;
  /** At least the bytes that names, commas and quotes can take in one text. */
  readonly bytes: number;

  constructor(names: readonly string[]) {
    this.heads = names.map((name) => new Uint8Array(Buffer.from(`${name}="`)));
    this.seeds = Int32Array.from(this.heads, (head) => head.reduce(hashOn, SEED));
    this.bytes = this.heads.reduce((sum, head) => sum + head.length + 2, 0);
  }
}

/** Writes label texts one behind the other. */
export class LabelTexts {
  bytes = new Uint8Array(64);
  view = new DataView(this.bytes.buffer);
  /** End of what is kept. */
  end = 0;
  /** End of what was written last; it is kept only by `keep()`. */
  tail = 0;

  /**
   * Writes the sound labels in `from`..`to` of a log behind what is kept.
   * @returns their hash, the same for any order of the labels.
   */
  write({ heads, seeds, bytes }: LabelNames, log: Uint8Array, from: number, to: number): number {
    // Each byte of a value takes two where all are escaped.
    this.#makeRoom(bytes + 2 * (to - from) + PADDING);
    const text = this.bytes;
    let at = this.end;
    let hash = 0;
    for (let next = from + 4; next < to; ) {
      const index = u32At(log, next);
      const end = next + 8 + u32At(log, next + 4);
      if (at > this.end) text[at++] = COMMA;
      const head = heads[index]!;
      for (let i = 0; i < head.length; i++) text[at++] = head[i]!;
      let own = seeds[index]!;
      for (next += 8; next < end; next++) {
        const byte = log[next]!;
        own = Math.imul(own ^ byte, FNV_PRIME);
        if (byte === LINE_FEED) {
          text[at++] = BACKSLASH;
          text[at++] = LETTER_N;
          continue;
        }
        if (byte === QUOTE || byte === BACKSLASH) text[at++] = BACKSLASH;
        text[at++] = byte;
      }
      text[at++] = QUOTE;
      hash = (hash + mixed(own)) | 0;
    }
    this.tail = at;
    return hash;
  }

  #makeRoom(bytes: number): void {
    if (this.end + bytes <= this.bytes.length) return;
    this.bytes = grown(this.bytes, this.end + bytes);
    this.view = new DataView(this.bytes.buffer);
  }

  keep(): void {
    this.end = this.tail;
  }

  /** Whether the text in `from`..`to` has the labels of the one written last, in any order. */
  equalsTail(from: number, to: number): boolean {
    const { bytes, end, tail } = this;
    if (to - from !== tail - end) return false;
    let i = from;
    for (let j = end; i < to && bytes[i] === bytes[j]; j++) i++;
    if (i === to) return true;
    return sortedLabels(this.labels(from, to)) === sortedLabels(this.labels(end, tail));
  }

  labels(from: number, to: number): Label[] {
    return parseLabels(Buffer.from(this.bytes.buffer, from, to - from).toString());
  }
}

export type Label = readonly [name: string, value: string];

const ESCAPED = /[\\\n"]/;
const LABEL = /([^=]*)="((?:[^"\\]|\\.)*)",?/gs;

/** The text of labels. */
export function labelText(labels: readonly Label[]): string {
  return labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join();
}

/** The labels of a text. */
function parseLabels(text: string): Label[] {
  return Array.from(text.matchAll(LABEL), ([, name, value]) => [name!, unescapeValue(value!)]);
}

function escapeValue(value: string): string {
  return ESCAPED.test(value) ? escapeHelp(value).replaceAll('"', '\\"') : value;
}

/** In help texts quotes stay as they are. */
export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function unescapeValue(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

/** The same text for any order of the labels. */
export function sortedLabels(labels: readonly Label[]): string {
  return JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function hashOn(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME);
}

/** Hashes of labels are added up: each must be spread over all bits before. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  return bits ^ (bits >>> 16);
}
