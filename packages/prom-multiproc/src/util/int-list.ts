/** Arrays below this length grow to twice their length, larger ones by a quarter. */
const SMALL = 4096;

/** A growing list of 32-bit integers, 4 bytes each. */
export class IntList {
  array = new Int32Array(0);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) this.array = grown(this.array, Math.max(16, this.length + 1));
    this.array[this.length++] = value;
  }

  copyFrom({ array, length }: IntList): void {
    this.array = array.slice(0, length);
    this.length = length;
  }
}

/** Returns an array with the same elements and room for at least `length`; the same array if it is long enough. */
export function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const more = array.length < SMALL ? array.length * 2 : Math.ceil(array.length * 1.25);
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, more));
  larger.set(array as never);
  return larger;
}
