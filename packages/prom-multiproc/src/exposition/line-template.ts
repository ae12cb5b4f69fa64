import { type Label, labelText } from '../merge/label-text.ts';
import { PADDING, padded, type TextWriter } from '../util/text-writer.ts';

/** The fixed text of a line around a series' own labels, including the preceding line feed. */
export class LineTemplate {
  readonly #before: DataView;
  readonly #after = bytesOf('} ');
  /** The fixed text for a series without labels of its own. */
  readonly #bare: DataView;

  /** `labels` precede the series' own labels. */
  constructor(name: string, labels: readonly Label[] = []) {
    const text = labelText(labels);
    this.#before = bytesOf(`\n${name}{${text === '' ? '' : `${text},`}`);
    this.#bare = bytesOf(text === '' ? `\n${name} ` : `\n${name}{${text}} `);
  }

  /** Writes the line of a series without labels of its own. */
  writeBare(out: TextWriter, value: number): void {
    write(out, this.#bare);
    out.number(value);
  }

  /** Writes a line with the label text in `from`..`to` of `texts`. */
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
