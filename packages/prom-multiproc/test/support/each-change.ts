import assert from 'node:assert/strict';
import fs, { existsSync, readFileSync } from 'node:fs';
import { loadLibc } from '../../src/os/libc.ts';
import { hookCall, whileHooked } from './hooked-calls.ts';

/** Called with a description of the call or store that has changed the file. */
export type OnChange = (after: string) => void;

/** Runs one call or store. */
type Observe = <T>(what: string, change: () => T) => T;

/**
 * Runs `act`. Calls `onChange` after each system call and each store, of a byte or a word, that changes the slot file at `path`: a
 * crash there leaves a file of its own. @throws Error if the file was changed in any other way
 */
export function atEachChange(path: string, onChange: OnChange, act: () => void): void {
  let last = contentOf(path);
  let isObserving = false;
  let ended = false;
  const missed: string[] = [];
  const look = (): boolean => {
    const now = contentOf(path);
    if (last === undefined ? now === undefined : now !== undefined && last.equals(now)) return false;
    last = now;
    return true;
  };
  const observe: Observe = (what, change) => {
    if (isObserving || ended) return change();
    isObserving = true;
    if (look()) missed.push(`a change before ${what}`);
    const result = change();
    if (look()) onChange(what);
    isObserving = false;
    return result;
  };
  const undo = [
    ...(['openSync', 'unlinkSync', 'writeSync'] as const).map((name) =>
      hookCall(fs, name, (call) => observe(name, call)),
    ),
    hookCall(loadLibc(), 'allocate', (call) => observe('allocate', call)),
    ...hookStores(observe),
  ];
  whileHooked(undo, act);
  if (look()) missed.push('a change before the end');
  ended = true;
  assert.deepEqual(missed, [], 'changes that no hook observes');
}

function contentOf(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

type MappedArray = Float64Array | Int32Array | Uint32Array | BigUint64Array | Uint8Array;

/** Observes the stores into each array that is created from now on in a writable mapping. @returns the undo functions */
function hookStores(observe: Observe): (() => void)[] {
  /** Offset in the file of each mapping. */
  const offsets = new WeakMap<object, number>();
  const originals = new WeakMap<object, MappedArray>();
  const originalOf = (array: object): never => (originals.get(array) ?? array) as never;
  const hooked = (array: MappedArray, mapping: unknown): MappedArray => {
    const offset = offsets.get(mapping as object);
    if (offset === undefined) return array;
    const proxy = observed(array, (index, value, store) =>
      observe(
        `store of ${value} at byte ${offset + array.byteOffset + index * array.BYTES_PER_ELEMENT}`,
        store,
      ),
    );
    originals.set(proxy, array);
    return proxy;
  };
  const libc = loadLibc();
  const { mmap } = libc;
  const { load, store } = Atomics;
  const from = Buffer.from.bind(Buffer) as (...args: unknown[]) => Buffer;
  const undo = [
    replaced(libc, 'mmap', (...args: Parameters<typeof mmap>) => {
      const mapping = mmap(...args);
      const [, offset, , writable] = args;
      if (writable) offsets.set(mapping.buffer, offset);
      return mapping;
    }),
    replaced(Atomics, 'load', (array: object, index: number) => load(originalOf(array), index)),
    replaced(Atomics, 'store', (array: object, index: number, value: never) => {
      const original: Uint32Array = originalOf(array);
      const at = original.byteOffset + index * original.BYTES_PER_ELEMENT;
      return observe(`store of ${value} at byte ${at}`, () => store(original, index, value));
    }),
    replaced(Buffer, 'from', (...args: unknown[]) => hooked(from(...args), args[0])),
  ];
  for (const name of ['Float64Array', 'Int32Array', 'Uint32Array', 'BigUint64Array', 'Uint8Array'] as const) {
    const construct = (original: object, args: unknown[], by: object) =>
      hooked(Reflect.construct(original as never, args, by as never), args[0]);
    undo.push(replaced(globalThis, name, new Proxy(globalThis[name] as object, { construct })));
  }
  return undo;
}

function replaced(owner: object, name: string, by: unknown): () => void {
  const original: unknown = Reflect.get(owner, name);
  Object.assign(owner, { [name]: by });
  return () => void Object.assign(owner, { [name]: original });
}

type OnStore = (index: number, value: unknown, store: () => boolean) => boolean;

/** The array, with each store observed. Methods that store many elements do so one by one. */
function observed(array: MappedArray, onStore: OnStore): MappedArray {
  const many: Record<string, (...args: never[]) => unknown> = {
    fill: (...args: [never, number, number]) => Array.prototype.fill.apply(proxy, args),
    set(source: ArrayLike<never>, at = 0) {
      for (let i = 0; i < source.length; i++) proxy[at + i] = source[i]!;
    },
    write(text: string, at: number) {
      const bytes = Buffer.from(text);
      many.set!(bytes as never, at as never);
      return bytes.length;
    },
  };
  const proxy: MappedArray = new Proxy(array, {
    get(target, property) {
      const own = typeof property === 'string' && Object.hasOwn(many, property) ? many[property] : undefined;
      const value: unknown = own ?? Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, property, value) =>
      onStore(Number(property), value, () => Reflect.set(target, property, value, target)),
  });
  return proxy;
}
