export type Env = Readonly<Record<string, string | undefined>>;

/** An environment variable has an invalid value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads environment variables and collects all problems, so that one error lists them all. An empty variable counts as unset,
 * because compose files pass unset variables on as "".
 */
export class EnvironmentReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  text<T>(name: string, fallback: T): string | T {
    return this.#env[name] || fallback;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name, undefined);
    if (text === undefined) return fallback;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.problem(
      `${name}=${JSON.stringify(text)}: set a whole number from ${min} to ${max}, or unset it for ${fallback}`,
    );
    return fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name, undefined);
    if (text === undefined) return fallback;
    if (text !== '0' && text !== '1') {
      this.problem(`${name}=${JSON.stringify(text)}: set 1 for on, or 0 for off`);
    }
    return text !== '0';
  }

  /** One of the values, or the fallback if the variable is unset. */
  choice<T extends string>(name: string, fallback: T, values: readonly T[]): T {
    const text = this.text(name, undefined);
    const value = values.find((one) => one === text);
    if (text !== undefined && value === undefined) {
      this.problem(
        `${name}=${JSON.stringify(text)}: set ${values.join(' or ')}, or unset it for ${fallback}`,
      );
    }
    return value ?? fallback;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  /** @throws SettingsError with one line per problem found so far */
  throwProblems(): void {
    if (this.#problems.length > 0) throw new SettingsError(this.#problems.join('\n'));
  }
}
