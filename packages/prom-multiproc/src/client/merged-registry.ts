import { processState } from '../util/process-state.ts';
import type { AnyRegistry } from './client-internals.ts';

type Merge = (registers: AnyRegistry[]) => AnyRegistry;

const tamed = processState('merged', () => new WeakSet<object>());

/** Has `Registry.merge()` report each registry that it makes, and its sources. */
export function tameMerge(
  register: AnyRegistry,
  onMerged: (merged: AnyRegistry, registers: readonly AnyRegistry[]) => void,
): void {
  const owner = ownerOfMerge(register.constructor);
  if (owner === undefined || tamed.has(owner)) return;
  tamed.add(owner);
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
