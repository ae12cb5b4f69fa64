import { printable } from './printable.ts';

/** Emits process warnings for operators. */
export class Warnings {
  readonly #reported = new Map<string, string>();

  /** Emits a warning unless the same message was emitted before. */
  once(code: string, message: string): void {
    if (this.#reported.has(message)) return;
    this.#reported.set(message, code);
    this.warn(code, message);
  }

  /** Emits a warning each time. */
  warn(code: string, message: string): void {
    process.emitWarning(printable(message), { type: 'PromMultiprocWarning', code });
  }

  /** Allows warnings of `code` to be emitted again. */
  forget(code: string): void {
    for (const [message, reported] of this.#reported) if (reported === code) this.#reported.delete(message);
  }
}
