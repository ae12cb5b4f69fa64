import type { RequestListener } from 'node:http';
import type { Client } from '../sides.ts';

/** The metrics of a cluster as the documentation of both peers has it. */
export function peersDoor(client: Client): RequestListener {
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
