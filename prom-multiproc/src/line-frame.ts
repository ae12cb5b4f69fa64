import { type Label, labelText } from './label-text.ts';
import { PADDING, type TextWriter } from './text-writer.ts';

/** What stands around a series' own labels in a line, the line feed before it included. */
export class LineFrame {
  readonly #before: DataView;
  readonly #after: DataView;
  /** The same where a series has no labels of its own. */
  readonly #bare: DataView;

  constructor(name: string, before: readonly Label[], after: readonly Label[] = []) {
    const [left, right, both] = [before, after, [...before, ...after]].map(labelText) as [
      string,
      string,
      string,
    ];
    this.#before = padded(`\n${name}{${left === '' ? '' : `${left},`}`);
    this.#after = padded(`${right === '' ? '' : `,${right}`}} `);
    this.#bare = padded(both === '' ? `\n${name} ` : `\n${name}{${both}} `);
  }

  /** A line of a series without labels of its own. */
  writeBare(out: TextWriter, value: number): void {
    write(out, this.#bare);
    out.number(value);
  }

  /** A line with the label text in `from`..`to` of `texts`. */
  write(out: TextWriter, texts: DataView, from: number, to: number, value: number): void {
    if (from === to) {
      this.writeBare(out, value);
      return;
    }
    write(out, this.#before);
    out.bytes(texts, from, to);
    write(out, this.#after);
    out.number(value);
  }
}

/** Bytes of a text, and as many more as a `TextWriter` loads. */
function padded(text: string): DataView {
  const bytes = Buffer.from(text);
  const room = new Uint8Array(bytes.length + PADDING);
  room.set(bytes);
  return new DataView(room.buffer);
}

function write(out: TextWriter, text: DataView): void {
  out.bytes(text, 0, text.byteLength - PADDING);
}
