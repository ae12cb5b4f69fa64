/** Below so many elements an array grows to twice its length, then by a quarter: little is copied, little is unused. */
const SMALL = 4096;

/** A list of 32-bit whole numbers, 4 bytes each, that grows in place. */
export class IntList {
  array = new Int32Array(0);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) this.array = grown(this.array, Math.max(16, this.length + 1));
    this.array[this.length++] = value;
  }

  /** Those of another list, in the same memory where no more can be added there. */
  beginAs({ array, length }: IntList): void {
    this.array = length === array.length ? array : array.slice(0, length);
    this.length = length;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    this.array = grown(this.array, this.length + more);
  }
}

/** The array with room for `length`, or more where it has to grow again. */
export function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const more = array.length < SMALL ? array.length * 2 : Math.ceil(array.length * 1.25);
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, more));
  larger.set(array as never);
  return larger;
}
