/** The counts of this process alone, for use beside the totals. */

import { type AnyRegistry, internalsOf } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { sharedRegistry } from './share.ts';

/**
 * Returns the part of `register` that is in the slot of this process, in the registry's format. It includes the counts that
 * this process inherited with its slot. The sum over all slots is the total. If not shared, returns `register.metrics()`.
 * @throws Error if the slot cannot be read
 */
export async function ownMetrics(register: AnyRegistry = globalRegister()): Promise<string> {
  return sharedRegistry(register)?.view.ownText() ?? register.metrics();
}

/** As `ownMetrics()`, in the format of `getMetricsAsJSON()`, for example for `AggregatorRegistry.aggregate()`. */
export async function ownMetricsAsJSON(register: AnyRegistry = globalRegister()): Promise<unknown[]> {
  return sharedRegistry(register)?.view.ownJson() ?? internalsOf(register).getMetricsAsJSON();
}
