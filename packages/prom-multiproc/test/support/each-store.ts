import fs from 'node:fs';
import { loadLibc } from '../../src/os/libc.ts';
import { hookCall, whileHooked } from './hooked-calls.ts';

/** Called with a description of the next change of a slot file. */
export type OnPoint = (before: string) => void;

/** Runs `act`. Calls `onPoint` at each point at which a crash would leave a different slot file. */
export function atEachStore(onPoint: OnPoint, act: () => void): void {
  const hook = (name: string) => (call: () => unknown) => {
    onPoint(name);
    const result = call();
    onPoint(`the step after ${name}`);
    return result;
  };
  const undo = [
    hookCall(fs, 'writeSync', hook('writeSync')),
    hookCall(Atomics, 'store', hook('store')),
    hookFloats(onPoint),
    ...(['allocate', 'mmap', 'tryLock'] as const).map((name) => hookCall(loadLibc(), name, hook(name))),
  ];
  whileHooked(undo, act);
}

/** Reports the stores into each Float64Array that is created from now on. */
function hookFloats(onPoint: OnPoint): () => void {
  const Original = globalThis.Float64Array;
  const hooked = (array: Float64Array): Float64Array =>
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
    construct: (_, args: [never]) => hooked(new Original(...args)),
    get: (_, property) => {
      const value: unknown = Reflect.get(Original, property);
      return property === 'of' ? Original.of.bind(Original) : value;
    },
  });
  return () => {
    globalThis.Float64Array = Original;
  };
}
