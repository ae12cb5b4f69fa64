/** Number of bytes that must exist after the range to copy, because the copy reads 8 bytes at a time. Their values are not used. */
export const PADDING = 7;

/** Returns a copy of `bytes` with `PADDING` bytes appended. */
export function padded(bytes: Uint8Array): DataView {
  const room = new Uint8Array(bytes.length + PADDING);
  room.set(bytes);
  return new DataView(room.buffer);
}

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

const FIRST_BYTES = 4096;
const LONGEST_NUMBER = 32;
/** Most bytes of a UTF-16 code unit in UTF-8. */
const LONGEST_UNIT = 3;
const ZERO = 0x30;
/** The bytes of `} `. */
const BRACE_SPACE = 0x7d20;
const MINUS = 0x2d;
const BILLION = 1e9;

/** Builds a long text in UTF-8 from byte ranges, strings and numbers. */
export class TextWriter {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Number of bytes to allocate first. */
  #expected = FIRST_BYTES;
  /** The last taken bytes, unless `reuse()` has returned them. */
  #taken: Buffer | undefined;

  /** Appends the bytes of `source` from `from` to `to`, whole characters. `PADDING` bytes must follow them. */
  bytes(source: DataView, from: number, to: number): void {
    const end = this.#at + to - from;
    if (end + PADDING > this.#bytes.length) this.#grow(end + PADDING);
    copy(this.#view, this.#at, source, from, to);
    this.#at = end;
  }

  /** Appends `before`, the bytes of `source` from `from` to `to`, `} ` and a number: see `bytes()` and `number()`. */
  line(before: FixedText, source: DataView, from: number, to: number, value: number): void {
    const start = this.#at + before.length;
    const end = start + to - from;
    if (end + 2 + LONGEST_NUMBER > this.#bytes.length) this.#grow(end + 2 + LONGEST_NUMBER);
    const view = this.#view;
    copy(view, this.#at, before.bytes, 0, before.length);
    copy(view, start, source, from, to);
    view.setUint16(end, BRACE_SPACE);
    const at = end + 2;
    const whole = value | 0;
    if (whole === value && whole >= 0) {
      this.#at = at + digitsOf(whole);
      writeDigits(view, at, this.#at, whole);
    } else {
      this.#at = at;
      this.number(value);
    }
  }

  string(text: string): void {
    const end = this.#at + text.length * LONGEST_UNIT;
    if (end > this.#bytes.length) this.#grow(end);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Appends a number as JavaScript formats it: the shortest text that parses to the same number. */
  number(value: number): void {
    if (this.#at + LONGEST_NUMBER > this.#bytes.length) this.#grow(this.#at + LONGEST_NUMBER);
    const whole = value | 0;
    if (whole === value) {
      if (whole < 0) this.#bytes[this.#at++] = MINUS;
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

  /** Discards what was written since the last `take()`. */
  clear(): void {
    this.#at = 0;
  }

  /** Returns the text written since the last `take()`. */
  take(): string {
    const text = this.#bytes.toString('utf8', 0, this.#at);
    this.#at = 0;
    return text;
  }

  /** As `take()`, in UTF-8. The bytes do not change until they are passed to `reuse()`. */
  takeBytes(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#taken = taken;
    // The next text is probably about as long.
    this.#expected = Math.max(FIRST_BYTES, Math.ceil(this.#at * 1.125));
    this.#use(Buffer.alloc(0));
    this.#at = 0;
    return taken;
  }

  /** Lets the next text use the memory of bytes that are not needed any more, if `takeBytes()` returned them last. */
  reuse(taken: Buffer): void {
    if (taken !== this.#taken || this.#bytes.length > 0) return;
    this.#taken = undefined;
    this.#use(Buffer.from(taken.buffer));
  }

  /** Appends an integer from 0 to 2^31, with leading zeros up to `least` digits. */
  #digits(value: number, least: number): void {
    const end = this.#at + Math.max(least, digitsOf(value));
    writeDigits(this.#view, this.#at, end, value);
    this.#at = end;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  /** Makes room for `length` bytes in all. */
  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#expected, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** Copies 8 bytes at a time. Excess bytes are overwritten by the next call. */
function copy(target: DataView, at: number, source: DataView, from: number, to: number): void {
  // A double holds any 8 bytes of UTF-8 unchanged: a NaN would need a byte above 0xef before a byte 0x7f or 0xff.
  for (let i = from; i < to; i += 8) {
    target.setFloat64(at, source.getFloat64(i, true), true);
    at += 8;
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
