// The same with prom-client by its README: https://github.com/siimon/prom-client#usage-with-nodejss-cluster-module.
import cluster from 'node:cluster';
import express from 'express';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram } from 'prom-client';

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  const registry = new AggregatorRegistry();
  const metrics = express();
  metrics.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await registry.clusterMetrics());
  });
  metrics.listen(9041);
} else {
  collectDefaultMetrics();
  const labelNames = ['method', 'route', 'status'];
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames });
  const duration = new Histogram({ name: 'http_request_duration_seconds', help: 'Duration', labelNames });
  const app = express();
  app.disable('x-powered-by');
  app.use((req, res, next) => {
    const end = duration.startTimer();
    res.on('finish', () => {
      const labels = { method: req.method, route: req.route?.path ?? 'unmatched', status: res.statusCode };
      requests.inc(labels);
      end(labels);
    });
    next();
  });
  app.get('/ping', (_req, res) => {
    res.type('text/plain').send('Pong');
  });
  app.listen(8041);
}
