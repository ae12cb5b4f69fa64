import type { RequestListener } from 'node:http';
import { metricsHandler, share } from 'prom-multiproc';
import { type Client, isOurs } from '../sides.ts';

/** What serves the metrics of a cluster in its primary. */
export function doorOf(side: string, client: Client): RequestListener {
  if (!isOurs(side)) return peersDoor(client);
  share(client.register);
  return metricsHandler(client.register);
}

/** Has a worker count for the cluster as a whole. */
export function countForAll(side: string, client: Client): void {
  if (isOurs(side)) share(client.register);
  else new client.AggregatorRegistry();
}

/** As the documentation of both peers has it. */
function peersDoor(client: Client): RequestListener {
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
