import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { Counter, register } from 'prom-client';
import { metricsHandler, share } from 'prom-multiproc';
import { clearDirectory } from 'prom-multiproc/clear-directory';

const { PORT = '8041', METRICS_PORT = '9041', PROMETHEUS_MULTIPROC_DIR } = process.env;

share(register); // shares all metrics of this registry
const requests = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames: ['status'] });

if (cluster.isPrimary) {
  if (PROMETHEUS_MULTIPROC_DIR) await clearDirectory(PROMETHEUS_MULTIPROC_DIR, { waitMs: 10_000 });
  createServer(metricsHandler(register)).listen(Number(METRICS_PORT), '127.0.0.1');
  for (let i = 0; i < 4; i++) cluster.fork();
} else {
  createServer((_, response) => {
    requests.inc({ status: '200' });
    response.end('Hello\n');
  }).listen(Number(PORT));
}
