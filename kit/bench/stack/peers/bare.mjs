// An Express app in a cluster, as the documentation of node:cluster shows it. No metrics.
import cluster from 'node:cluster';
import express from 'express';

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
} else {
  const app = express();
  app.disable('x-powered-by');
  app.get('/ping', (_req, res) => {
    res.type('text/plain').send('Pong');
  });
  app.listen(8041);
}
