import type { RequestListener } from 'node:http';
import { metricsHandler, share } from 'prom-multiproc';
import { type Client, isOurs } from '../sides.ts';

/** Listener with which the primary serves the metrics of the cluster. */
export function metricsListener(side: string, client: Client): RequestListener {
  if (!isOurs(side)) return peerListener(client);
  share(client.register);
  return metricsHandler(client.register);
}

/** Makes the metrics of a worker part of the cluster's. */
export function joinCluster(side: string, client: Client): void {
  if (isOurs(side)) share(client.register);
  else new client.AggregatorRegistry();
}

/** As in the documentation of both peers. */
function peerListener(client: Client): RequestListener {
  const aggregator = new client.AggregatorRegistry();
  return async (_request, response) => {
    try {
      const metrics = await aggregator.clusterMetrics();
      response.setHeader('Content-Type', aggregator.contentType);
      response.end(metrics);
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  };
}
