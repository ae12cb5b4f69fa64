export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where a value stands on a logarithmic scale. */
export class LogScale {
  readonly #first: number;
  readonly #last: number;
  readonly #range: Range;

  constructor(least: number, greatest: number, range: Range) {
    if (!(least > 0 && greatest > least))
      throw new RangeError(`no logarithmic scale from ${least} to ${greatest}`);
    this.#first = Math.log10(least);
    this.#last = Math.log10(greatest);
    this.#range = range;
  }

  /** From a power of ten to a power of ten, with all between. */
  static decades(least: number, greatest: number, range: Range): LogScale {
    const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(greatest))];
    return new LogScale(10 ** first, 10 ** Math.max(last, first + 1), range);
  }

  at(value: number): number {
    const { from, to } = this.#range;
    return from + ((Math.log10(value) - this.#first) / (this.#last - this.#first)) * (to - from);
  }

  powers(): number[] {
    const [first, last] = [Math.ceil(this.#first), Math.floor(this.#last)];
    return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  }
}
