import type { Express } from 'express';
import { pingResponses } from './metrics.ts';

/** Adds the routes of the service. Add yours here; cluster-runtime counts their requests. */
export function addRoutes(app: Express): void {
  app.get('/ping', (_req, res) => {
    pingResponses.inc({ status: 200 });
    res.type('text/plain').send('Pong');
  });
}
