import type { Cells } from './slot-file.ts';

/** Cells of the series that no metric of this process uses, by series key: inherited or released ones. */
export class FreeCells {
  /** A key has several cells if two metrics of one process had the same definition. */
  readonly #byKey = new Map<string, Cells[]>();

  add(key: string, cells: Cells): void {
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

  /** Those of one key, or all. */
  *all(key?: string): Generator<Cells> {
    if (key !== undefined) yield* this.#byKey.get(key) ?? [];
    else for (const cells of this.#byKey.values()) yield* cells;
  }
}
