/** What the operators of an application are told, each message once. */
export class Warnings {
  readonly #told = new Map<string, string>();

  once(code: string, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.set(message, code);
    process.emitWarning(message, { type: 'PromMultiprocWarning', code });
  }

  /** Has what was told under `code` told anew, should it happen again. */
  forget(code: string): void {
    for (const [message, told] of this.#told) if (told === code) this.#told.delete(message);
  }
}
