import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import type { App } from '../../../src/core/app.ts';
import { expressRoute } from '../../../src/http/express-route.ts';
import { brokenStream } from './broken-stream.ts';

export function createApp(): App {
  const app = express();
  app.set('env', 'test');
  app.get('/ok/:id', (req, res) => void res.send(`ok ${req.params.id}`));
  app.get('/thrown', () => {
    throw new Error('thrown');
  });
  app.get('/rejected', async () => {
    await delay(1);
    throw new Error('rejected');
  });
  app.get('/streamed', (_req, res) => {
    brokenStream()
      .on('error', (error) => res.destroy(error))
      .pipe(res);
  });
  return { listener: app, routeOf: expressRoute };
}
