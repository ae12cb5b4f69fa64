import { ByteWriter, copy } from './byte-writer.ts';

// Wire types: https://protobuf.dev/programming-guides/encoding/#structure
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;

const LONGEST_VARINT = 10;
/** A field of type double. */
const DOUBLE_BYTES = 9;
/** A message with such a field, and its tag and length. */
const VALUED_BYTES = 2 + DOUBLE_BYTES;
/** The largest double below 2^64, the limit of a varint. */
const MAX_COUNT = 2 ** 64 - 2048;
const SMALL = 2 ** 31;
/** A Timestamp in a field: tag, length, and two fields of a tag and five bytes. */
const TIMESTAMP_BYTES = 14;
/** The shortest length whose varint has bytes that `bytes()` may change, taken for a NaN: 0xf0 or above, then 0x7f or 0xff. */
const LONG = 0x3ff0;

/** Writes protocol buffers. A field number is at most 15: its tag takes one byte. */
export class ProtobufWriter extends ByteWriter {
  /** Begins a message in the field `field`; without a field, a message that only its length precedes. @returns the argument for `end()` */
  begin(field?: number): number {
    this.#reserve(2);
    if (field !== undefined) this.memory[this.at++] = tag(field, LENGTH_DELIMITED);
    return ++this.at;
  }

  /** Ends a message: writes its length before it. */
  end(start: number): void {
    const length = this.at - start;
    const extra = varintBytes(length) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.memory.copyWithin(start + extra, start, this.at);
    }
    const end = this.at + extra;
    this.at = start - 1;
    this.#varint(length);
    this.at = end;
  }

  /** Begins a message of known length: nothing has to be moved at its end. */
  beginKnown(field: number, length: number): void {
    this.#reserve(1 + LONGEST_VARINT);
    this.memory[this.at++] = tag(field, LENGTH_DELIMITED);
    this.#varint(length);
  }

  text(field: number, text: string): void {
    const start = this.begin(field);
    this.string(text);
    this.end(start);
  }

  /** Writes a field of type uint64, int64 or enum. `value` is a whole number from 0. */
  integer(field: number, value: number): void {
    this.#reserve(1 + LONGEST_VARINT);
    this.memory[this.at++] = tag(field, VARINT);
    this.#varint(value);
  }

  /** Writes a field of type double. -0 becomes 0, as in the text formats. */
  double(field: number, value: number): void {
    this.#reserve(DOUBLE_BYTES);
    this.memory[this.at] = tag(field, FIXED_64);
    this.view.setFloat64(this.at + 1, value + 0, true);
    this.at += DOUBLE_BYTES;
  }

  /** Appends fields that are encoded in `source`: see `bytes()`. */
  encoded(source: DataView, from: number, to: number): void {
    if (to - from < LONG) {
      this.bytes(source, from, to);
      return;
    }
    this.#reserve(to - from);
    this.memory.set(new Uint8Array(source.buffer, source.byteOffset + from, to - from), this.at);
    this.at += to - from;
  }

  /**
   * Writes a message in the field `outer`: the fields that are encoded in `source` from `from` to `to`, then in the field `inner` a
   * message with a double in its field 1 and, if `time` is a Unix time in seconds, a Timestamp in its field `timed`. As fast as a line
   * of text, because it reserves memory once.
   */
  valued(
    outer: number,
    source: DataView,
    from: number,
    to: number,
    inner: number,
    value: number,
    timed = 0,
    time = 0,
  ): void {
    const timestamp = isTimestamp(time) ? TIMESTAMP_BYTES : 0;
    const length = to - from + VALUED_BYTES + timestamp;
    if (length >= LONG) {
      this.beginKnown(outer, length);
      this.encoded(source, from, to);
      this.beginKnown(inner, DOUBLE_BYTES + timestamp);
      this.double(1, value);
      if (timestamp > 0) this.#timestamp(timed, time);
      return;
    }
    this.#reserve(3 + length);
    const { view } = this;
    let at = this.at;
    view.setUint8(at++, tag(outer, LENGTH_DELIMITED));
    if (length > 0x7f) view.setUint8(at++, length | 0x80);
    view.setUint8(at++, length > 0x7f ? length >> 7 : length);
    copy(view, at, source, from, to);
    at += to - from;
    view.setUint16(at, (tag(inner, LENGTH_DELIMITED) << 8) | (DOUBLE_BYTES + timestamp));
    view.setUint8(at + 2, tag(1, FIXED_64));
    view.setFloat64(at + 3, value + 0, true);
    this.at = at + VALUED_BYTES;
    if (timestamp > 0) this.#timestamp(timed, time);
  }

  /** Writes a `google.protobuf.Timestamp` of `TIMESTAMP_BYTES`. */
  #timestamp(field: number, time: number): void {
    this.#reserve(TIMESTAMP_BYTES);
    const { view, at } = this;
    view.setUint16(at, (tag(field, LENGTH_DELIMITED) << 8) | (TIMESTAMP_BYTES - 2));
    view.setUint8(at + 2, tag(1, VARINT));
    writeLong(view, at + 3, Math.floor(time));
    view.setUint8(at + 8, tag(2, VARINT));
    writeLong(view, at + 9, nanosOf(time));
    this.at = at + TIMESTAMP_BYTES;
  }

  #reserve(bytes: number): void {
    if (this.at + bytes > this.memory.length) this.grow(this.at + bytes);
  }

  #varint(value: number): void {
    let rest = value;
    if (rest >= SMALL) {
      rest = Math.min(rest, MAX_COUNT);
      for (; rest >= SMALL; rest = Math.floor(rest / 128)) this.memory[this.at++] = (rest % 128) | 0x80;
    }
    for (; rest > 0x7f; rest >>>= 7) this.memory[this.at++] = (rest & 0x7f) | 0x80;
    this.memory[this.at++] = rest;
  }
}

/** Writes a number below 2^32 as a varint of five bytes, the last of which may be zero. */
function writeLong(view: DataView, at: number, value: number): void {
  view.setUint32(
    at,
    0x80808080 |
      ((value & 0x7f) << 24) |
      (((value >>> 7) & 0x7f) << 16) |
      (((value >>> 14) & 0x7f) << 8) |
      ((value >>> 21) & 0x7f),
  );
  view.setUint8(at + 4, value >>> 28);
}

/** Whether a Unix time in seconds is known, and in a range that `ProtobufWriter` writes. */
export function isTimestamp(time: number): boolean {
  return time > 0 && time < 2 ** 32;
}

/** The nanoseconds of a Unix time in seconds. */
export function nanosOf(time: number): number {
  return Math.min(999_999_999, Math.round((time - Math.floor(time)) * 1e9));
}

/** Number of bytes of a length as a varint. */
export function varintBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}
