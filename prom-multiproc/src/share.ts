import { register as globalRegister, type Registry } from 'prom-client';
import { processSlot } from './process-slot.ts';
import { internalsOf } from './prom-client-internals.ts';
import { SharedRegistry } from './shared-registry.ts';

export interface ShareOptions {
  /** Whether the output ends with the `prom_multiproc_*` metrics of the sharing itself. Default: true. */
  readonly selfMetrics?: boolean;
}

const shared = new WeakMap<Registry, SharedRegistry>();

/**
 * Makes every metric of `register`, made before or after, count in the directory that `PROMETHEUS_MULTIPROC_DIR` names.
 * From then on `register.metrics()` gives the totals of all processes that share this directory, and rejects where they
 * cannot be had. Without the variable nothing changes: plain prom-client. A second call for the same registry does
 * nothing.
 *
 * The process takes its place in the directory at its first write, not here.
 */
export function share(register: Registry = globalRegister, { selfMetrics = true }: ShareOptions = {}): void {
  const directory = process.env.PROMETHEUS_MULTIPROC_DIR;
  if (directory === undefined || directory === '' || shared.has(register)) return;
  shared.set(register, new SharedRegistry(internalsOf(register), processSlot(directory), selfMetrics));
}
