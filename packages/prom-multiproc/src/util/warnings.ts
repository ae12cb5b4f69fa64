import { printable } from './printable.ts';

/** Warnings for the operators of an application, each given once. */
export class Warnings {
  readonly #reported = new Map<string, string>();

  once(code: string, message: string): void {
    if (this.#reported.has(message)) return;
    this.#reported.set(message, code);
    this.warn(code, message);
  }

  /** For what is news each time. */
  warn(code: string, message: string): void {
    process.emitWarning(printable(message), { type: 'PromMultiprocWarning', code });
  }

  /** Lets warnings of `code` be given again. */
  forget(code: string): void {
    for (const [message, reported] of this.#reported) if (reported === code) this.#reported.delete(message);
  }
}
