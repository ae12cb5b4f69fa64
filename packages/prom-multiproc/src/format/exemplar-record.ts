import { isUtf8 } from 'node:buffer';
import { EXEMPLAR_BYTES, EXEMPLARS_PER_CHUNK } from './layout.ts';

/** An example of what was counted: https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars */
export interface Exemplar {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

// Positions in a record, in 8-byte and 4-byte words and in bytes: FORMAT.md#exemplars.
const REFERENCE = 0;
const VALUE = 1;
const TIMESTAMP = 2;
const LENGTH = 6;
const CHECKSUM = 7;
const LABELS = 32;
const MOST_LABEL_BYTES = EXEMPLAR_BYTES - LABELS;
/** Ends a name or a value. The byte does not occur in UTF-8. */
const END = 0xff;

/** Unlike `Object.hasOwn`, V8 compiles a call of it in a loop by `for in` to nothing. */
const isOwn = Object.prototype.hasOwnProperty;

const FNV_START = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Most characters of all names and values, in UTF-16 code units, as prom-client counts them. */
export const MOST_CHARACTERS = 128;

/** The error of prom-client. */
function tooLong(): RangeError {
  return new RangeError('Label set size must be smaller than 128 UTF-8 chars');
}

/** @throws RangeError, as prom-client, if the labels are too long */
export function checkExemplarLabels(labels: object): void {
  lastingExemplarLabels(labels);
}

/**
 * A copy with texts: the application may change its own object. Hot path.
 * @throws RangeError, as prom-client, if the labels are too long
 */
export function lastingExemplarLabels(labels: object): Readonly<Record<string, string>> {
  let characters = 0;
  // Takes less time than Object.keys().
  for (const name in labels) {
    if (!isOwn.call(labels, name)) continue;
    const value = (labels as Record<string, unknown>)[name];
    if (typeof value !== 'string') return lastingTexts(labels);
    characters += name.length + value.length;
  }
  if (characters === 0) return lastingTexts(labels);
  if (characters > MOST_CHARACTERS) throw tooLong();
  return { ...labels };
}

function lastingTexts(labels: object): Readonly<Record<string, string>> {
  const texts = Object.entries(labels).map(([name, value]) => [name, `${value}`] as const);
  const characters = texts.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (characters > MOST_CHARACTERS) throw tooLong();
  return Object.fromEntries(texts);
}

/**
 * Whether there are any labels. Hot path.
 * @throws TypeError, as prom-client, if they are null
 */
export function hasExemplarLabels(labels: object): boolean {
  for (const name in labels) if (isOwn.call(labels, name)) return true;
  return Object.keys(labels).length > 0;
}

/** A chunk of exemplar records, or a part of it. */
export class ExemplarChunk {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(buffer: ArrayBuffer) {
    this.#bytes = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  /**
   * Writes the record at `place`, which no cell refers to, for the cell with the number `cell` in the file. Hot path.
   * @returns false if the labels do not fit, which can only happen if their names are not ASCII
   * @throws RangeError, as prom-client, if the labels are too long
   */
  write(
    place: number,
    reference: number,
    cell: number,
    labels: object,
    value: number,
    timestamp: number,
  ): boolean {
    const at = place * EXEMPLAR_BYTES;
    const length = this.#writeLabels(at + LABELS, labels as Record<string, unknown>);
    if (length < 0) return false;
    const double = at / 8;
    this.#doubles[double + REFERENCE] = reference;
    this.#doubles[double + VALUE] = value;
    this.#doubles[double + TIMESTAMP] = timestamp;
    this.#words[at / 4 + LENGTH] = length;
    this.#words[at / 4 + CHECKSUM] = this.#checksum(at, length, cell);
    return true;
  }

  /** The reference in the record at `place`, which may be incomplete. */
  referenceAt(place: number): number {
    return this.#doubles[(place * EXEMPLAR_BYTES) / 8 + REFERENCE]!;
  }

  /** Reads the record at `place`; undefined unless it is the whole exemplar of `reference` and `cell`. */
  read(place: number, reference: number, cell: number): Exemplar | undefined {
    const at = place * EXEMPLAR_BYTES;
    const double = at / 8;
    const length = this.#words[at / 4 + LENGTH]!;
    if (this.#doubles[double + REFERENCE] !== reference || !(length >= 0 && length <= MOST_LABEL_BYTES))
      return undefined;
    if (this.#words[at / 4 + CHECKSUM] !== this.#checksum(at, length, cell)) return undefined;
    const timestamp = this.#doubles[double + TIMESTAMP]!;
    const labels = this.#readLabels(at + LABELS, length);
    if (labels === undefined || !(timestamp >= 0 && timestamp < Infinity)) return undefined;
    return { labels, value: this.#doubles[double + VALUE]!, timestamp };
  }

  /** @returns the number of bytes, -1 if they do not fit */
  #writeLabels(start: number, labels: Record<string, unknown>): number {
    const bytes = this.#bytes;
    let characters = 0;
    let at = start;
    for (const name in labels) {
      if (!isOwn.call(labels, name)) continue;
      const value = `${labels[name]}`;
      characters += name.length + value.length;
      if (characters > MOST_CHARACTERS) throw tooLong();
      at = writeText(bytes, at, name, start + MOST_LABEL_BYTES);
      if (at > 0) at = writeText(bytes, at, value, start + MOST_LABEL_BYTES);
      if (at < 0) return at;
    }
    // Throws if they are null.
    if (characters === 0) Object.keys(labels);
    // The checksum reads whole words.
    for (let end = at; end % 4 !== 0; end++) bytes[end] = 0;
    return at - start;
  }

  #readLabels(start: number, length: number): (readonly [string, string])[] | undefined {
    const texts: string[] = [];
    for (let at = start; at < start + length; ) {
      const end = this.#bytes.indexOf(END, at);
      if (end < 0 || end >= start + length) return undefined;
      if (!isUtf8(this.#bytes.subarray(at, end))) return undefined;
      texts.push(this.#bytes.toString('utf8', at, end));
      at = end + 1;
    }
    if (texts.length % 2 !== 0) return undefined;
    return Array.from({ length: texts.length / 2 }, (_, i) => [texts[2 * i]!, texts[2 * i + 1]!] as const);
  }

  /**
   * FNV-1a over the cell and the 4-byte words of the record but the checksum. Takes a quarter of the time of a CRC-32. With the cell, a
   * damaged reference never finds the exemplar of another series.
   */
  #checksum(at: number, length: number, cell: number): number {
    const words = this.#words;
    const first = at / 4;
    const end = first + Math.ceil((LABELS + length) / 4);
    let sum = Math.imul(FNV_START ^ cell, FNV_PRIME);
    for (let i = first; i < end; i++) {
      if (i !== first + CHECKSUM) sum = Math.imul(sum ^ words[i]!, FNV_PRIME);
    }
    return sum;
  }
}

/** Shorter texts are copied character by character, which then takes less time than a call. */
const SHORT = 16;
/** Most bytes of a UTF-16 code unit in UTF-8. */
const LONGEST_UNIT = 3;

/** Writes a text and its end before `limit`. @returns the position after it, -1 if it does not fit */
function writeText(bytes: Buffer, at: number, text: string, limit: number): number {
  const { length } = text;
  if (at + length * LONGEST_UNIT >= limit) return writeEncoded(bytes, at, Buffer.from(text), limit);
  let i = 0;
  if (length < SHORT) {
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      bytes[at + i] = code;
    }
  }
  const end = i === length ? at + i : at + bytes.write(text, at);
  bytes[end] = END;
  return end + 1;
}

function writeEncoded(bytes: Buffer, at: number, text: Buffer, limit: number): number {
  const end = at + text.length;
  if (end >= limit) return -1;
  bytes.set(text, at);
  bytes[end] = END;
  return end + 1;
}

/** The chunk of a record among the chunks of exemplars, and its place there. */
export function chunkOfExemplar(record: number): number {
  return Math.floor(record / EXEMPLARS_PER_CHUNK);
}
export function placeOfExemplar(record: number): number {
  return record % EXEMPLARS_PER_CHUNK;
}
