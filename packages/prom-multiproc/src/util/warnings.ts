import { printable } from './printable.ts';

/** What the operators of an application are told. */
export class Warnings {
  readonly #told = new Map<string, string>();

  once(code: string, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.set(message, code);
    this.tell(code, message);
  }

  /** For what is news each time. */
  tell(code: string, message: string): void {
    process.emitWarning(printable(message), { type: 'PromMultiprocWarning', code });
  }

  /** Has what was told under `code` told anew, should it happen again. */
  forget(code: string): void {
    for (const [message, told] of this.#told) if (told === code) this.#told.delete(message);
  }
}
