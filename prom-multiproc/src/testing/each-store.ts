import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { loadLibc } from '../libc.ts';

/** Called before each write or store that a slot file gets, and after each that is a call, with what it is. */
export type OnPoint = (before: string) => void;

/** Runs `act`, telling every moment between two changes of a slot file: a process may die at any of them. */
export function atEachStore(onPoint: OnPoint, act: () => void): void {
  const undo = [
    hookCall(onPoint, fs, 'writeSync'),
    hookCall(onPoint, Atomics, 'store'),
    hookFloats(onPoint),
    ...(['allocate', 'mmap', 'tryLock'] as const).map((call) => hookCall(onPoint, loadLibc(), call)),
  ];
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}

function hookCall<T extends object>(onPoint: OnPoint, owner: T, name: keyof T & string): () => void {
  const original = owner[name] as (...args: unknown[]) => unknown;
  const put = (value: unknown) => Object.assign(owner, { [name]: value });
  put((...args: unknown[]) => {
    onPoint(name);
    const result = original.apply(owner, args);
    onPoint(`what comes after ${name}`);
    return result;
  });
  return () => put(original);
}

/** Stores of 8-byte values: every Float64Array made from now on tells of them. */
function hookFloats(onPoint: OnPoint): () => void {
  const Original = globalThis.Float64Array;
  const told = (array: Float64Array): Float64Array =>
    new Proxy(array, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      set: (target, property, value) => {
        onPoint(`store of ${value}`);
        return Reflect.set(target, property, value, target);
      },
    });
  globalThis.Float64Array = new Proxy(Original, {
    construct: (_, args: [never]) => told(new Original(...args)),
    get: (_, property) => {
      const value: unknown = Reflect.get(Original, property);
      return property === 'of' ? Original.of.bind(Original) : value;
    },
  });
  return () => {
    globalThis.Float64Array = Original;
  };
}
