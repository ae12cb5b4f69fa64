/**
 * For `node --import prom-multiproc/register app.js`: shares the metrics of an application that knows nothing of it, in
 * every registry it makes, of whichever client. Does nothing where `PROMETHEUS_MULTIPROC_DIR` is unset.
 */
import { installedClients } from './clients.ts';
import { internalsOf, isStoredMetric } from './prom-client-internals.ts';
import { share, sharedDirectory } from './share.ts';

if (sharedDirectory() !== undefined) {
  for (const client of installedClients()) {
    share(client.register);
    const prototype = internalsOf(client.Registry.prototype);
    const { registerMetric } = prototype;
    // A registry is shared at its first metric; those that prom-client makes to aggregate hold none of its own.
    prototype.registerMetric = function registerAndShare(metric) {
      registerMetric.call(this, metric);
      if (isStoredMetric(metric)) share(this as never);
    };
  }
}
