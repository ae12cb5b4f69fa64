import { randomInt } from 'node:crypto';
import { PADDING, padded } from '../util/byte-writer.ts';
import { grown } from '../util/int-list.ts';

// Labels in UTF-8 and in Prometheus' text format, without braces: `method="GET",route="/"`.
// https://prometheus.io/docs/instrumenting/exposition_formats/

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const LETTER_N = 0x6e;
const FNV_PRIME = 0x01000193;

const ONES = 0x01010101;
const HIGHEST_BITS = 0x80808080 | 0;

/** Random, so that clients cannot choose label values whose hashes collide. */
const SEED = randomInt(2 ** 32);

/** The label names of a metric, encoded for `LabelTexts.write`. */
export class LabelNames {
  /** `name="` for each label, with `PADDING`. */
  readonly heads: readonly DataView[];
  /** For each label, the hash of its head: the start value of the label's hash. */
  readonly seeds: Int32Array;
  /** Maximum length of the names, commas and quotes of one text, in bytes. */
  readonly bytes: number;

  constructor(names: readonly string[]) {
    const heads = names.map((name) => Buffer.from(`${name}="`));
    this.heads = heads.map(padded);
    this.seeds = Int32Array.from(heads, (head) => head.reduce(hashOn, SEED));
    this.bytes = heads.reduce((sum, head) => sum + head.length + 2, 0);
  }
}

/** A buffer of consecutive label texts. */
export class LabelTexts {
  bytes = new Uint8Array(64);
  view = new DataView(this.bytes.buffer);
  /** End of the kept texts. */
  end = 0;
  /** End of the last written text. The next `write()` overwrites it unless `keep()` is called. */
  tail = 0;

  /**
   * Writes the valid labels in bytes `from` up to `to` of a log after the kept texts.
   * @returns their hash, which does not depend on the order of the labels.
   */
  write({ heads, seeds, bytes }: LabelNames, log: DataView, from: number, to: number): number {
    // An escaped byte takes two.
    this.#makeRoom(bytes + 2 * (to - from) + PADDING);
    const text = this.view;
    let at = this.end;
    let hash = 0;
    for (let next = from + 4; next < to; ) {
      const index = log.getUint32(next, true);
      const end = next + 8 + log.getUint32(next + 4, true);
      if (at > this.end) text.setUint8(at++, COMMA);
      const head = heads[index]!;
      const length = head.byteLength - PADDING;
      // Word by word: the next bytes overwrite the excess.
      for (let i = 0; i < length; i += 4) text.setInt32(at + i, head.getInt32(i, true), true);
      at += length;
      let own = seeds[index]!;
      for (next += 8; next + 4 <= end; next += 4) {
        const word = log.getInt32(next, true);
        // Half a word at a time: a product of 32 bits loses a difference in the highest bits.
        own = Math.imul(own ^ (word & 0xffff), FNV_PRIME);
        own = Math.imul(own ^ (word >>> 16), FNV_PRIME);
        if (hasEscaped(word)) {
          for (let i = 0; i < 4; i++) at = writeByte(text, at, log.getUint8(next + i));
        } else {
          text.setInt32(at, word, true);
          at += 4;
        }
      }
      for (; next < end; next++) {
        const byte = log.getUint8(next);
        own = hashOn(own, byte);
        at = writeByte(text, at, byte);
      }
      text.setUint8(at++, QUOTE);
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

  /** Whether the text in bytes `from` up to `to` has the same labels as the last written one, in any order. */
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

export function labelText(labels: readonly Label[]): string {
  return labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join();
}

function parseLabels(text: string): Label[] {
  return Array.from(text.matchAll(LABEL), ([, name, value]) => [name!, unescapeValue(value!)]);
}

function escapeValue(value: string): string {
  return ESCAPED.test(value) ? escapeHelp(value).replaceAll('"', '\\"') : value;
}

/** Escapes a help text. Unlike in label values, quotes are not escaped. */
export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

export function unescapeValue(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

/** A key for the labels that does not depend on their order. */
export function sortedLabels(labels: readonly Label[]): string {
  return JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Whether one of the four bytes of a word must be escaped. */
function hasEscaped(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const feed = word ^ 0x0a0a0a0a;
  // The highest bit of some byte is set if and only if one of the bytes is zero:
  // https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
  const zeros = ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | ((feed - ONES) & ~feed);
  return (zeros & HIGHEST_BITS) !== 0;
}

/** Writes a byte of a value, escaped if necessary. @returns the position after it. */
function writeByte(text: DataView, at: number, byte: number): number {
  if (byte !== LINE_FEED && byte !== QUOTE && byte !== BACKSLASH) {
    text.setUint8(at, byte);
    return at + 1;
  }
  text.setUint8(at, BACKSLASH);
  text.setUint8(at + 1, byte === LINE_FEED ? LETTER_N : byte);
  return at + 2;
}

function hashOn(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME);
}

/** Spreads a hash over all bits, because the hashes of the labels of a text are summed. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  return bits ^ (bits >>> 16);
}
