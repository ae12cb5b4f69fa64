import type { AnyRegistry } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { lookForVariable } from './client/late-variable.ts';
import { RegistryView } from './process/registry-view.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { whyIncomplete } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { sharedDirectory } from './share.ts';

/** A registry, or what shows several. */
export type Shown = Pick<AnyRegistry, 'contentType' | 'metrics'>;

/**
 * What shows the application where it named no registry: all that this process shares without a name. Where the variable
 * is unset it is the global registry, of several clients the one that has metrics.
 * @throws Error where there is no client, and where the variable is set and metrics of the application are not shared
 */
export function applicationPage(): Shown {
  lookForVariable();
  const register = globalRegister();
  if (sharedDirectory() === undefined || isKeptPlain(register)) return register;
  const incomplete = whyIncomplete();
  if (incomplete !== undefined) throw new Error(incomplete);
  const viewed = sharedRegistries().filter(({ name }) => name === undefined);
  const [first] = viewed;
  if (first === undefined) {
    throw new Error(
      'PROMETHEUS_MULTIPROC_DIR is set but no registry is shared: call share(), or give the registry to metricsHandler()',
    );
  }
  if (viewed.length === 1) return first.register as unknown as AnyRegistry;
  const { contentType } = first.register;
  const view = new RegistryView(first.slot, {
    viewed: () => viewed,
    showsSelf: () => viewed.some(({ selfMetrics }) => selfMetrics),
    contentType: () => contentType,
  });
  return { contentType, metrics: () => view.text() };
}
