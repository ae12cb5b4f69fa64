import fs from 'node:fs';
import { loadLibc } from '../../src/os/libc.ts';
import { hookCall, whileHooked } from './hooked-calls.ts';

/** Called before each write or store that a slot file gets, and after each that is a call, with what it is. */
export type OnPoint = (before: string) => void;

/** Runs `act`, telling every moment between two changes of a slot file: a process may die at any of them. */
export function atEachStore(onPoint: OnPoint, act: () => void): void {
  const tell = (name: string) => (call: () => unknown) => {
    onPoint(name);
    const result = call();
    onPoint(`what comes after ${name}`);
    return result;
  };
  const undo = [
    hookCall(fs, 'writeSync', tell('writeSync')),
    hookCall(Atomics, 'store', tell('store')),
    hookFloats(onPoint),
    ...(['allocate', 'mmap', 'tryLock'] as const).map((name) => hookCall(loadLibc(), name, tell(name))),
  ];
  whileHooked(undo, act);
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
