import { type Label, labelText } from '../merge/label-text.ts';
import { type FixedText, fixedText, type TextWriter } from '../util/text-writer.ts';

/** The fixed text of a line around a series' own labels, including the preceding line feed. */
export class LineTemplate {
  readonly #before: FixedText;
  /** The fixed text for a series without labels of its own. */
  readonly #bare: FixedText;

  /** `labels` precede the series' own labels. */
  constructor(name: string, labels: readonly Label[] = []) {
    const text = labelText(labels);
    this.#before = fixedText(`\n${name}{${text === '' ? '' : `${text},`}`);
    this.#bare = fixedText(text === '' ? `\n${name} ` : `\n${name}{${text}} `);
  }

  /** Writes the line of a series without labels of its own. */
  writeBare(out: TextWriter, value: number): void {
    out.bytes(this.#bare.bytes, 0, this.#bare.length);
    out.number(value);
  }

  /** Writes a line with the label text in `from`..`to` of `texts`. */
  write(out: TextWriter, texts: DataView, from: number, to: number, value: number): void {
    if (from === to) {
      this.writeBare(out, value);
      return;
    }
    out.line(this.#before, texts, from, to, value);
  }
}
