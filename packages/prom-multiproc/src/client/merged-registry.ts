import { processState } from '../util/process-state.ts';
import type { AnyRegistry } from './client-internals.ts';

type Merge = (registers: AnyRegistry[]) => AnyRegistry;

const wrapped = processState('merged', () => new WeakSet<object>());

/** Calls `onMerged` for each registry that `Registry.merge()` returns, with its sources. */
export function watchMerge(
  register: AnyRegistry,
  onMerged: (merged: AnyRegistry, registers: readonly AnyRegistry[]) => void,
): void {
  const owner = ownerOfMerge(register.constructor);
  if (owner === undefined || wrapped.has(owner)) return;
  wrapped.add(owner);
  const { merge } = owner;
  owner.merge = function mergeShared(registers) {
    const merged = merge.call(this, registers);
    onMerged(merged, registers);
    return merged;
  };
}

function ownerOfMerge(registryClass: unknown): { merge: Merge } | undefined {
  for (
    let owner = registryClass;
    owner !== null && owner !== undefined;
    owner = Object.getPrototypeOf(owner)
  ) {
    if (Object.hasOwn(owner, 'merge')) return owner as { merge: Merge };
  }
  return undefined;
}
