/** Number of bytes that must exist after the range to copy, because the copy reads 8 bytes at a time. Their values are not used. */
export const PADDING = 7;

/** Returns a copy of `bytes` with `PADDING` bytes appended. */
export function padded(bytes: Uint8Array): DataView {
  const room = new Uint8Array(bytes.length + PADDING);
  room.set(bytes);
  return new DataView(room.buffer);
}

const FIRST_BYTES = 4096;
/** Most bytes of a UTF-16 code unit in UTF-8. */
const LONGEST_UNIT = 3;

/** Builds a long sequence of bytes. */
export class ByteWriter {
  protected memory: Buffer = Buffer.alloc(0);
  protected view: DataView = new DataView(this.memory.buffer);
  /** Number of bytes written. */
  protected at = 0;
  /** Number of bytes to allocate first. */
  #expected = FIRST_BYTES;
  /** The last taken bytes, unless `reuse()` has returned them. */
  #taken: Buffer | undefined;

  /** Appends the bytes of `source` from `from` to `to`, whole characters. `PADDING` bytes must follow them. */
  bytes(source: DataView, from: number, to: number): void {
    const end = this.at + to - from;
    if (end + PADDING > this.memory.length) this.grow(end + PADDING);
    copy(this.view, this.at, source, from, to);
    this.at = end;
  }

  string(text: string): void {
    const end = this.at + text.length * LONGEST_UNIT;
    if (end > this.memory.length) this.grow(end);
    this.at += this.memory.write(text, this.at);
  }

  /** Discards what was written since the last `takeBytes()`. */
  clear(): void {
    this.at = 0;
  }

  /** Returns what was written since the last `takeBytes()`. The bytes do not change until they are passed to `reuse()`. */
  takeBytes(): Buffer {
    const taken = this.memory.subarray(0, this.at);
    this.#taken = taken;
    // The next sequence is probably about as long.
    this.#expected = Math.max(FIRST_BYTES, Math.ceil(this.at * 1.125));
    this.#use(Buffer.alloc(0));
    this.at = 0;
    return taken;
  }

  /** Lets the next sequence use the memory of bytes that are not needed any more, if `takeBytes()` returned them last. */
  reuse(taken: Buffer): void {
    if (taken !== this.#taken || this.memory.length > 0) return;
    this.#taken = undefined;
    this.#use(Buffer.from(taken.buffer));
  }

  /** Makes room for `length` bytes in all. */
  protected grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#expected, this.memory.length * 2));
    larger.set(this.memory.subarray(0, this.at));
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.memory = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** Copies 8 bytes at a time. Excess bytes are overwritten by the next call. */
export function copy(target: DataView, at: number, source: DataView, from: number, to: number): void {
  // A double holds any 8 bytes of UTF-8 unchanged: a NaN would need a byte above 0xef before a byte 0x7f or 0xff.
  for (let i = from; i < to; i += 8) {
    target.setFloat64(at, source.getFloat64(i, true), true);
    at += 8;
  }
}
