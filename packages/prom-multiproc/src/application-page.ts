import type { AnyRegistry, ClientRegistry } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { lookForVariable } from './client/late-variable.ts';
import { RegistryView } from './process/registry-view.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { whyIncomplete } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { sharedDirectory } from './share.ts';

/** A view of several registries. */
export class ApplicationView {
  readonly contentType: string;
  readonly registers: readonly ClientRegistry[];
  readonly view: RegistryView;

  constructor(registers: readonly ClientRegistry[], view: RegistryView) {
    this.contentType = registers[0]!.contentType;
    this.registers = registers;
    this.view = view;
  }
}

/** A registry, or a view of several. */
export type Shown = AnyRegistry | ApplicationView;

/**
 * Returns the page for a `metricsHandler()` without a registry: all shared registries that have no name. While
 * `PROMETHEUS_MULTIPROC_DIR` is unset, returns the global registry of the client that has metrics.
 * @throws Error if no client is installed. If the variable is set, also if no registry without a name is shared or if a
 *   global registry has unshared metrics.
 */
export function applicationPage(): Shown {
  lookForVariable();
  const register = globalRegister();
  if (sharedDirectory() === undefined || isKeptPlain(register)) return register;
  const incomplete = whyIncomplete();
  if (incomplete !== undefined) throw new Error(incomplete);
  const shown = unnamedRegistries();
  if (shown === undefined) {
    throw new Error(
      'PROMETHEUS_MULTIPROC_DIR is set but no registry is shared: call share(), or pass the registry to metricsHandler()',
    );
  }
  return shown;
}

/** All shared registries that have no name; undefined if there are none. */
export function unnamedRegistries(): Shown | undefined {
  const viewed = sharedRegistries().filter(({ name }) => name === undefined);
  const [first] = viewed;
  if (first === undefined) return undefined;
  if (viewed.length === 1) return first.register as unknown as AnyRegistry;
  const registers = viewed.map(({ register }) => register);
  const { contentType } = registers[0]!;
  const view = new RegistryView(first.slot, {
    viewed: () => viewed,
    showsSelfMetrics: () => viewed.some(({ selfMetrics }) => selfMetrics),
    contentType: () => contentType,
  });
  return new ApplicationView(registers, view);
}
