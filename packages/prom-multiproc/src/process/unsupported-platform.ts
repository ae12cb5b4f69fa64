/**
 * Platforms that cannot share: all except Linux on x64, arm64, riscv64 and loong64. Installations without koffi are treated in the
 * same way. A registry stays plain prom-client there, except that its `metrics()` rejects in a cluster instead of showing the
 * counts of one process as the totals.
 */

import type { AnyRegistry } from '../client/client-internals.ts';
import { clusterRole } from '../os/cluster-role.ts';
import { loadLibc } from '../os/libc.ts';
import { processState } from '../util/process-state.ts';
import { Warnings } from '../util/warnings.ts';
import type { SharingListener } from './slot-holder.ts';

const plain = processState('plain', () => new WeakSet<AnyRegistry>());
const warnings = processState('platform warnings', () => new Warnings());

/** The reason why this platform cannot share; undefined if it can. */
export function whyUnsupportedPlatform(directory: string): Error | undefined {
  try {
    loadLibc();
    return undefined;
  } catch (cause) {
    return new Error(`cannot share metrics in ${directory}: ${(cause as Error).message}`, { cause });
  }
}

/** Leaves a registry plain and warns once. */
export function keepPlain(
  register: AnyRegistry,
  reason: Error,
  { onFailure }: SharingListener,
  code = 'PROM_MULTIPROC_UNSHARED',
): void {
  if (plain.has(register)) return;
  plain.add(register);
  warnings.once(
    code,
    `${reason.message}. Each process keeps its own counts, as with plain prom-client; in a cluster, metrics() rejects`,
  );
  const { metrics } = register;
  register.metrics = async function (this: AnyRegistry | undefined) {
    if (clusterRole() !== undefined) throw reason;
    return metrics.call(this ?? register);
  };
  onFailure?.(reason);
}

export function isKeptPlain(register: AnyRegistry): boolean {
  return plain.has(register);
}
