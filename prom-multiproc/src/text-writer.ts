const BYTES = 65536;
const ZERO = 0x30;
const MINUS = 0x2d;
const BILLION = 1e9;

/** Makes a long text out of short ones of bytes. */
export class TextWriter {
  readonly #bytes = Buffer.allocUnsafeSlow(BYTES);
  #at = 0;
  #text = '';

  /** The bytes of `source` from `from` up to `to`: whole characters. */
  bytes(source: Uint8Array, from = 0, to = source.length): void {
    if (to - from > BYTES - this.#at && !this.#makeRoom(to - from)) {
      this.#text += Buffer.from(source.buffer, source.byteOffset + from, to - from).toString();
      return;
    }
    const target = this.#bytes;
    let at = this.#at;
    for (let i = from; i < to; i++) target[at++] = source[i]!;
    this.#at = at;
  }

  string(text: string): void {
    this.bytes(Buffer.from(text));
  }

  /** As JavaScript writes it, which is the shortest text that gives this number again. */
  number(value: number): void {
    this.#makeRoom(32);
    const whole = value | 0;
    if (whole === value) {
      if (whole < 0) this.#bytes[this.#at++] = MINUS;
      // The least 32-bit number has no positive one.
      this.#digits(Math.abs(whole), 1);
    } else if (value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
      const high = Math.floor(value / BILLION);
      if (high > 0) this.#digits(high, 1);
      this.#digits(value - high * BILLION, high > 0 ? 9 : 1);
    } else {
      this.#ascii(formatValue(value));
    }
  }

  /** What was written since the last `take()`. */
  take(): string {
    this.#flush();
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Digits of a whole number up to 2^31, with zeros before it up to `least` digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let limit = 10 ** least; value >= limit; limit *= 10) count++;
    const bytes = this.#bytes;
    const end = this.#at + count;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at--) {
      const shorter = Math.floor(rest / 10);
      bytes[at] = ZERO + rest - shorter * 10;
      rest = shorter;
    }
    this.#at = end;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  /** False where so much room cannot be made. */
  #makeRoom(bytes: number): boolean {
    if (bytes > BYTES - this.#at) this.#flush();
    return bytes <= BYTES;
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
