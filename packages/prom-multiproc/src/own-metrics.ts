/** What one process counted, beside the totals of all. */

import { type AnyRegistry, internalsOf } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { sharedRegistry } from './share.ts';

/**
 * What the slot of this process holds of `register`, in its format: what the process counted, with what dead processes left in
 * that slot. Added up over all slots this gives the totals. Without sharing, what the registry itself shows.
 * @throws Error where the slot cannot be read
 */
export async function ownMetrics(register: AnyRegistry = globalRegister()): Promise<string> {
  return sharedRegistry(register)?.view.ownText() ?? register.metrics();
}

/** The same as `getMetricsAsJSON()` gives it, for `AggregatorRegistry.aggregate()` or a sum of your own over all processes. */
export async function ownMetricsAsJSON(register: AnyRegistry = globalRegister()): Promise<unknown[]> {
  return sharedRegistry(register)?.view.ownJson() ?? internalsOf(register).getMetricsAsJSON();
}
