/**
 * An Express app in one process: `requests.ts <side>`. Sends its port to the parent, and its processor time in microseconds for each
 * message. Ours uses the request metrics of the demo app, `ours_plain_middleware` and the peers use middleware as in their
 * documentation, `without` has no metrics.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { share } from 'prom-multiproc';
import { clientOf, isOurs, PEERS, type Peer } from '../sides.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LABELS = ['method', 'route', 'status'];

const side = process.argv[2]!;
if (isOurs(side)) {
  process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory();
  share(clientOf(side).register);
}

function plainMiddleware(): RequestHandler {
  const { Counter, Histogram } = clientOf(side);
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames: LABELS });
  const config = { name: 'http_request_duration_seconds', help: 'Seconds', labelNames: LABELS };
  const duration = new Histogram({ ...config, buckets: BUCKETS });
  return (request, response, next) => {
    const stop = duration.startTimer();
    response.on('finish', () => {
      const labels = { method: request.method, route: request.route.path, status: response.statusCode };
      requests.inc(labels);
      stop(labels);
    });
    next();
  };
}

const app = express();
if (side === 'ours_plain_middleware' || PEERS.includes(side as Peer)) app.use(plainMiddleware());
app.use((_request, _response, next) => next());
app.get('/users/:id', (request, response) => {
  response.json({ id: request.params.id, name: 'Pandora', groups: ['jar', 'hope'] });
});

/** Wraps the app in the request metrics of the demo app. */
async function measured(): Promise<RequestListener> {
  const { measureRequests } = await import(
    '../../../../packages/cluster-runtime/src/http/measure-requests.ts'
  );
  const { chain } = await import('../../../../packages/cluster-runtime/src/http/step.ts');
  const { expressRoute } = await import('../../../../packages/cluster-runtime/src/http/express-route.ts');
  return chain([measureRequests(expressRoute)], app);
}

const isMeasured = isOurs(side) && side !== 'ours_plain_middleware';
const server = createServer(isMeasured ? await measured() : app).listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!(user + system);
});
process.once('disconnect', () => process.exit(0));
process.send!((server.address() as AddressInfo).port);
