import type { SeriesTable } from '../merge/series-table.ts';
import { PADDING } from '../util/byte-writer.ts';
import { grown, IntList } from '../util/int-list.ts';
import { varintBytes } from '../util/protobuf-writer.ts';

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LINE_FEED = 0x0a;
/** Tags of the fields `label` of Metric, and `name` and `value` of LabelPair. */
const TAG_LABEL = 0x0a;
const TAG_NAME = 0x0a;
const TAG_VALUE = 0x12;
/** Most bytes that a label's tags and lengths take beyond those of `=""` and the comma: three tags and three lengths of 5 bytes. */
const MORE_PER_LABEL = 18;

const known = new WeakMap<SeriesTable, ProtobufLabels>();

/** The labels of all series of a table as fields of a Metric. Made once for each series, when first asked for. */
export function protobufLabels(table: SeriesTable): ProtobufLabels {
  let labels = known.get(table);
  if (labels === undefined) {
    labels = new ProtobufLabels();
    known.set(table, labels);
  }
  labels.addNew(table);
  return labels;
}

export class ProtobufLabels {
  #bytes = new Uint8Array(64);
  view = new DataView(this.#bytes.buffer);
  /** The end of the labels of each series, which begin at the end of those of the previous one. `PADDING` bytes follow the last. */
  readonly ends = new IntList();
  #end = 0;

  start(series: number): number {
    return series === 0 ? 0 : this.ends.array[series - 1]!;
  }

  end(series: number): number {
    return this.ends.array[series]!;
  }

  addNew(table: SeriesTable): void {
    const { textView } = table;
    const text = new Uint8Array(textView.buffer, textView.byteOffset, textView.byteLength);
    for (let series = this.ends.length; series < table.length; series++) {
      this.#add(text, table.textStart(series), table.textEnd(series));
      this.ends.push(this.#end);
    }
  }

  /** Adds the labels in the text format in bytes `from` up to `to`. */
  #add(text: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; ) {
      const nameEnd = text.indexOf(EQUALS, i);
      const value = nameEnd + 2;
      let escapes = 0;
      let end = value;
      for (; text[end] !== QUOTE; end++) {
        if (text[end] !== BACKSLASH) continue;
        escapes++;
        end++;
      }
      this.#addLabel(text, i, nameEnd, value, end, escapes);
      // The quote and the comma.
      i = end + 2;
    }
  }

  #addLabel(
    text: Uint8Array,
    name: number,
    nameEnd: number,
    value: number,
    valueEnd: number,
    escapes: number,
  ): void {
    const nameLength = nameEnd - name;
    const valueLength = valueEnd - value - escapes;
    this.#makeRoom(valueEnd - name + MORE_PER_LABEL);
    const bytes = this.#bytes;
    bytes[this.#end++] = TAG_LABEL;
    this.#varint(2 + varintBytes(nameLength) + nameLength + varintBytes(valueLength) + valueLength);
    bytes[this.#end++] = TAG_NAME;
    this.#varint(nameLength);
    for (let i = name; i < nameEnd; i++) bytes[this.#end++] = text[i]!;
    bytes[this.#end++] = TAG_VALUE;
    this.#varint(valueLength);
    for (let i = value; i < valueEnd; i++) {
      const byte = text[i]!;
      if (byte !== BACKSLASH) bytes[this.#end++] = byte;
      else {
        const escaped = text[++i]!;
        bytes[this.#end++] = escaped === LETTER_N ? LINE_FEED : escaped;
      }
    }
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#end++] = rest;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes + PADDING;
    if (needed <= this.#bytes.length) return;
    this.#bytes = grown(this.#bytes, needed);
    this.view = new DataView(this.#bytes.buffer);
  }
}
