/**
 * Platforms on which no process can share, whatever is mended: other than 64-bit Linux, or without koffi. There a registry
 * stays prom-client's own, but for one thing: in a cluster it does not pass one process's view off as the application's.
 */

import type { AnyRegistry } from '../client/client-internals.ts';
import { clusterRole } from '../os/cluster-role.ts';
import { loadLibc } from '../os/libc.ts';
import { processState } from '../util/process-state.ts';
import { Warnings } from '../util/warnings.ts';
import type { SharingListener } from './slot-holder.ts';

const plain = processState('plain', () => new WeakSet<AnyRegistry>());
const warnings = processState('platform warnings', () => new Warnings());

/** Why this platform cannot share; undefined where it can. */
export function whyUnsupportedPlatform(directory: string): Error | undefined {
  try {
    loadLibc();
    return undefined;
  } catch (cause) {
    return new Error(`cannot share metrics in ${directory}: ${(cause as Error).message}`, { cause });
  }
}

/** Leaves a registry plain, and says so once. */
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
    `${reason.message}. Each process counts for itself, as in plain prom-client; the metrics of processes of a cluster are refused`,
  );
  const metrics = register.metrics.bind(register);
  register.metrics = async () => {
    if (clusterRole() !== undefined) throw reason;
    return metrics();
  };
  onFailure?.(reason);
}

export function isKeptPlain(register: AnyRegistry): boolean {
  return plain.has(register);
}
