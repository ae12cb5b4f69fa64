import { Router } from 'express';
import { pingResponses } from './metrics.ts';

/** The routes of the service. Add yours here; cluster-runtime counts their requests. */
export function routes(): Router {
  const router = Router();

  router.get('/ping', (_req, res) => {
    pingResponses.inc({ status: 200 });
    res.type('text/plain').send('Pong');
  });

  return router;
}
