import { type Label, labelText } from './label-text.ts';
import type { TextWriter } from './text-writer.ts';

/** What stands around a series' own labels in a line, the line feed before it included. */
export class LineFrame {
  readonly #before: Buffer;
  readonly #after: Buffer;
  /** The same where a series has no labels of its own. */
  readonly #bare: Buffer;

  constructor(name: string, before: readonly Label[], after: readonly Label[] = []) {
    const [left, right, both] = [before, after, [...before, ...after]].map(labelText) as [
      string,
      string,
      string,
    ];
    this.#before = Buffer.from(`\n${name}{${left === '' ? '' : `${left},`}`);
    this.#after = Buffer.from(`${right === '' ? '' : `,${right}`}} `);
    this.#bare = Buffer.from(both === '' ? `\n${name} ` : `\n${name}{${both}} `);
  }

  /** A line of a series without labels of its own. */
  writeBare(out: TextWriter, value: number): void {
    out.bytes(this.#bare);
    out.number(value);
  }

  /** A line with the label text in `from`..`to` of `texts`. */
  write(out: TextWriter, texts: Uint8Array, from: number, to: number, value: number): void {
    if (from === to) {
      this.writeBare(out, value);
      return;
    }
    out.bytes(this.#before);
    out.bytes(texts, from, to);
    out.bytes(this.#after);
    out.number(value);
  }
}
