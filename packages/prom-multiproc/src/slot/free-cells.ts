import type { Cells } from './slot-file.ts';

/** Series of the file that nobody in this process counts in, by key: inherited, or released. */
export class FreeCells {
  /** Several where two metrics of one process had the same definition. */
  readonly #byKey = new Map<string, Cells[]>();

  give(key: string, cells: Cells): void {
    const others = this.#byKey.get(key);
    if (others === undefined) this.#byKey.set(key, [cells]);
    else others.push(cells);
  }

  take(key: string): Cells | undefined {
    const cells = this.#byKey.get(key);
    const taken = cells?.pop();
    if (cells?.length === 0) this.#byKey.delete(key);
    return taken;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** All, or those of one key. */
  *all(key?: string): Generator<Cells> {
    if (key !== undefined) yield* this.#byKey.get(key) ?? [];
    else for (const cells of this.#byKey.values()) yield* cells;
  }
}
