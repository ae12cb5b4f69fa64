/** Number of bytes that must exist after the range to copy, because the copy reads 4 bytes at a time. Their values are not used. */
export const PADDING = 3;

/** Returns a copy of `bytes` with `PADDING` bytes appended. */
export function padded(bytes: Uint8Array): DataView {
  const room = new Uint8Array(bytes.length + PADDING);
  room.set(bytes);
  return new DataView(room.buffer);
}

const BYTES = 65536;
const LONGEST_NUMBER = 32;
const ZERO = 0x30;
const MINUS = 0x2d;
const BILLION = 1e9;

/** Builds a long string from byte ranges, strings and numbers. */
export class TextWriter {
  readonly #bytes = Buffer.allocUnsafeSlow(BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #text = '';

  /** Appends the bytes of `source` from `from` to `to`, whole characters. `PADDING` bytes must follow them. */
  bytes(source: DataView, from: number, to: number): void {
    const end = this.#at + to - from;
    if (end + PADDING > BYTES) {
      this.#long(source, from, to);
      return;
    }
    // Copies 4 bytes at a time. Excess bytes are overwritten by the next call.
    for (let at = this.#at, i = from; i < to; i += 4, at += 4) {
      this.#view.setInt32(at, source.getInt32(i, true), true);
    }
    this.#at = end;
  }

  string(text: string): void {
    this.#flush();
    this.#text += text;
  }

  /** Appends a number as JavaScript formats it: the shortest text that parses to the same number. */
  number(value: number): void {
    if (this.#at + LONGEST_NUMBER > BYTES) this.#flush();
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

  #long(source: DataView, from: number, to: number): void {
    this.#flush();
    if (to - from + PADDING <= BYTES) this.bytes(source, from, to);
    else this.#text += Buffer.from(source.buffer, source.byteOffset + from, to - from).toString();
  }

  /** Returns the text written since the last `take()`. */
  take(): string {
    this.#flush();
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Appends an integer from 0 to 2^31, with leading zeros up to `least` digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let limit = 10 ** least; value >= limit; limit *= 10) count++;
    const bytes = this.#bytes;
    const end = this.#at + count;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at--) {
      const shorter = (rest / 10) | 0;
      bytes[at] = ZERO + rest - shorter * 10;
      rest = shorter;
    }
    this.#at = end;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  #flush(): void {
    if (this.#at > 0) this.#text += this.#bytes.toString('utf8', 0, this.#at);
    this.#at = 0;
  }
}

export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Number.isNaN(value) ? 'Nan' : `${value}`;
}
