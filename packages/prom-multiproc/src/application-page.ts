import type { AnyRegistry, ClientRegistry } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { lookForVariable } from './client/late-variable.ts';
import type { PageFormat } from './exposition/page-format.ts';
import { RegistryView } from './process/registry-view.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { whyIncomplete } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { sharedDirectory } from './share.ts';

/** A view of several registries. */
export class ApplicationView {
  readonly contentType: string;
  readonly registers: readonly ClientRegistry[];
  readonly page: (format: PageFormat) => Promise<Buffer>;

  constructor(registers: readonly ClientRegistry[], page: (format: PageFormat) => Promise<Buffer>) {
    this.contentType = registers[0]!.contentType;
    this.registers = registers;
    this.page = page;
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
  const viewed = sharedRegistries().filter(({ name }) => name === undefined);
  const [first] = viewed;
  if (first === undefined) {
    throw new Error(
      'PROMETHEUS_MULTIPROC_DIR is set but no registry is shared: call share(), or pass the registry to metricsHandler()',
    );
  }
  if (viewed.length === 1) return first.register as unknown as AnyRegistry;
  const view = new RegistryView(first.slot, {
    viewed: () => viewed,
    showsSelfMetrics: () => viewed.some(({ selfMetrics }) => selfMetrics),
    contentType: () => shown.contentType,
  });
  const shown = new ApplicationView(
    viewed.map(({ register }) => register),
    (format) => view.page(format),
  );
  return shown;
}
