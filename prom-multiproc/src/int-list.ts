/** A list of 32-bit whole numbers, 4 bytes each, that grows in place. */
export class IntList {
  array = new Int32Array(16);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) this.array = grown(this.array, this.length + 1);
    this.array[this.length++] = value;
  }
}

/** The array with room for `length`, or more: by a quarter, so that little is unused and little is copied. */
export function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => T)(
    Math.max(length, Math.ceil(array.length * 1.25)),
  );
  larger.set(array as never);
  return larger;
}
