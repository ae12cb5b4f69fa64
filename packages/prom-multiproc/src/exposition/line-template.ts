import { type Label, labelText } from '../merge/label-text.ts';
import { PADDING, padded, type TextWriter } from '../util/text-writer.ts';

/** What stands around a series' own labels in a line, the line feed before it included. */
export class LineTemplate {
  readonly #before: DataView;
  readonly #after = bytesOf('} ');
  /** The same where a series has no labels of its own. */
  readonly #bare: DataView;

  /** `labels` stand before the series' own. */
  constructor(name: string, labels: readonly Label[] = []) {
    const text = labelText(labels);
    this.#before = bytesOf(`\n${name}{${text === '' ? '' : `${text},`}`);
    this.#bare = bytesOf(text === '' ? `\n${name} ` : `\n${name}{${text}} `);
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

function bytesOf(text: string): DataView {
  return padded(Buffer.from(text));
}

function write(out: TextWriter, text: DataView): void {
  out.bytes(text, 0, text.byteLength - PADDING);
}
