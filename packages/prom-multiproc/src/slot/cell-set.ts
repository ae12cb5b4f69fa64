import type { Cells } from './slot-file.ts';

/** Cells by where they lie. */
export class CellSet {
  readonly #bases = new Map<Float64Array, Set<number>>();

  constructor(all: Iterable<Cells>) {
    for (const { array, base } of all) {
      const bases = this.#bases.get(array) ?? new Set();
      this.#bases.set(array, bases.add(base));
    }
  }

  has({ array, base }: Cells): boolean {
    return this.#bases.get(array)?.has(base) ?? false;
  }
}
