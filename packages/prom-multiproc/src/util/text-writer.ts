import { ByteWriter, copy, padded } from './byte-writer.ts';

/** A text in UTF-8 that is written many times. */
export interface FixedText {
  /** With `PADDING`. */
  readonly bytes: DataView;
  readonly length: number;
}

export function fixedText(text: string): FixedText {
  const bytes = Buffer.from(text);
  return { bytes: padded(bytes), length: bytes.length };
}

const LONGEST_NUMBER = 32;
const ZERO = 0x30;
/** The bytes of `} `. */
const BRACE_SPACE = 0x7d20;
const MINUS = 0x2d;
const BILLION = 1e9;

/** Builds a long text in UTF-8 from byte ranges, strings and numbers. */
export class TextWriter extends ByteWriter {
  /** Appends `before`, the bytes of `source` from `from` to `to`, `} ` and a number: see `bytes()` and `number()`. */
  line(before: FixedText, source: DataView, from: number, to: number, value: number): void {
    const start = this.at + before.length;
    const end = start + to - from;
    if (end + 2 + LONGEST_NUMBER > this.memory.length) this.grow(end + 2 + LONGEST_NUMBER);
    const view = this.view;
    copy(view, this.at, before.bytes, 0, before.length);
    copy(view, start, source, from, to);
    view.setUint16(end, BRACE_SPACE);
    const at = end + 2;
    const whole = value | 0;
    if (whole === value && whole >= 0) {
      this.at = at + digitsOf(whole);
      writeDigits(view, at, this.at, whole);
    } else {
      this.at = at;
      this.number(value);
    }
  }

  /** Appends a number as JavaScript formats it: the shortest text that parses to the same number. */
  number(value: number): void {
    if (this.at + LONGEST_NUMBER > this.memory.length) this.grow(this.at + LONGEST_NUMBER);
    const whole = value | 0;
    if (whole === value) {
      if (whole < 0) this.memory[this.at++] = MINUS;
      // Math.abs(-2 ** 31) exceeds the 32-bit range.
      this.#digits(Math.abs(whole), 1);
    } else if (value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
      const high = Math.floor(value / BILLION);
      if (high > 0) this.#digits(high, 1);
      this.#digits(value - high * BILLION, high > 0 ? 9 : 1);
    } else {
      this.#ascii(formatValue(value));
    }
  }

  /** Returns the text written since the last `take()`. */
  take(): string {
    const text = this.memory.toString('utf8', 0, this.at);
    this.at = 0;
    return text;
  }

  /** Appends an integer from 0 to 2^31, with leading zeros up to `least` digits. */
  #digits(value: number, least: number): void {
    const end = this.at + Math.max(least, digitsOf(value));
    writeDigits(this.view, this.at, end, value);
    this.at = end;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.memory[this.at++] = text.charCodeAt(i);
  }
}

/** Writes an integer right-aligned into `from` up to `to`. */
function writeDigits(target: DataView, from: number, to: number, value: number): void {
  let rest = value;
  for (let at = to - 1; at >= from; at--) {
    const shorter = (rest / 10) | 0;
    target.setUint8(at, ZERO + rest - shorter * 10);
    rest = shorter;
  }
}

/** Number of decimal digits of an integer from 0 to 2^31. */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let count = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) count++;
  return count;
}

export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Number.isNaN(value) ? 'Nan' : `${value}`;
}
