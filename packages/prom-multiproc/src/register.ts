/**
 * Preload for `node --import prom-multiproc/register app.js`: shares every registry of the application, of both clients and of
 * every copy of them, without a code change. Does nothing while `PROMETHEUS_MULTIPROC_DIR` is unset.
 */
import { reportBundledClient } from './client/bundled-client.ts';
import { onClientCopy, watchLoading } from './client/client-copies.ts';
import { internalsOf, isStoredMetric } from './client/client-internals.ts';
import { allClients } from './client/clients.ts';
import { hasMetrics } from './process/unshared-metrics.ts';
import { share, sharedDirectory } from './share.ts';

watchLoading();
onClientCopy(({ client }) => {
  share(client.register);
  const prototype = internalsOf(client.Registry.prototype);
  const { registerMetric } = prototype;
  // A registry is shared at its first stored metric: registries that prom-client creates to aggregate have none.
  prototype.registerMetric = function registerAndShare(metric) {
    registerMetric.call(this, metric);
    if (isStoredMetric(metric)) share(this as never);
  };
});
// `watchLoading` does not see clients that another loader than Node's loads.
if (sharedDirectory() !== undefined) {
  allClients();
  reportBundledClient(hasMetrics);
}
