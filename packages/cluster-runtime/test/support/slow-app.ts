import cluster from 'node:cluster';
import express from 'express';
import { readSettings } from '../../src/core/settings.ts';
import { health } from '../../src/http/health.ts';
import { runPrimary } from '../../src/primary/primary.ts';
import { runWorker } from '../../src/worker/worker.ts';

/** The cluster with a slow application, for the tests of the drain. */
const settings = readSettings();
if (cluster.isPrimary) {
  await runPrimary(settings);
} else {
  await runWorker(settings, {
    createListener(isEnding) {
      const app = express();
      app.use(health(isEnding));
      app.get('/pid', (_req, res) => {
        res.send(String(process.pid));
      });
      // The response follows the end of the body, so the client chooses the time.
      app.post('/held', (req, res) => {
        process.stdout.write(`${JSON.stringify({ msg: 'held request begun', pid: process.pid })}\n`);
        req.resume().once('end', () => res.send('done'));
      });
      app.get('/block', () => {
        process.stdout.write(`${JSON.stringify({ msg: 'blocking', pid: process.pid })}\n`);
        for (;;);
      });
      return app;
    },
    close: () => void process.stdout.write(`${JSON.stringify({ msg: 'closed', pid: process.pid })}\n`),
  });
}
