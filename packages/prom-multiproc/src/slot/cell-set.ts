import type { Cells } from './slot-file.ts';

/** A set of cells, identified by their position. */
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
