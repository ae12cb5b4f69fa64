import { Router } from 'express';

/** Alive as long as the process answers; ready until it drains. */
export function health(isDraining: () => boolean): Router {
  const router = Router();

  router.get('/livez', (_req, res) => {
    res.type('text/plain').send('ok');
  });

  router.get('/readyz', (_req, res) => {
    const draining = isDraining();
    res
      .status(draining ? 503 : 200)
      .type('text/plain')
      .send(draining ? 'draining' : 'ok');
  });

  return router;
}
