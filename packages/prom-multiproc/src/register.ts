/**
 * For `node --import prom-multiproc/register app.js`: shares the metrics of an application that knows nothing of it, in
 * every registry it makes, of every client and every copy of it. Does nothing while `PROMETHEUS_MULTIPROC_DIR` is unset.
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
  // A registry is shared at its first metric; those that prom-client makes to aggregate hold none of its own.
  prototype.registerMetric = function registerAndShare(metric) {
    registerMetric.call(this, metric);
    if (isStoredMetric(metric)) share(this as never);
  };
});
// A loader that is not Node's own may load the client unseen.
if (sharedDirectory() !== undefined) {
  allClients();
  reportBundledClient(hasMetrics);
}
