import type { AnyRegistry } from './prom-client-internals.ts';

type Merge = (registers: AnyRegistry[]) => AnyRegistry;

const tamed = new WeakSet<object>();

/** Makes `Registry.merge()` of registries of which one is shared give a shared one. */
export function tameMerge(
  register: AnyRegistry,
  isShared: (register: AnyRegistry) => boolean,
  share: (register: AnyRegistry) => void,
): void {
  const owner = ownerOfMerge(register.constructor);
  if (owner === undefined || tamed.has(owner)) return;
  tamed.add(owner);
  const { merge } = owner;
  owner.merge = function mergeShared(registers) {
    const merged = merge.call(this, registers);
    if (registers.some(isShared)) share(merged);
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
