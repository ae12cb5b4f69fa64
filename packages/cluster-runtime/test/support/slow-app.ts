import cluster from 'node:cluster';
import express from 'express';
import { readSettings } from '../../src/core/settings.ts';
import { health } from '../../src/http/health.ts';
import { chain } from '../../src/http/step.ts';
import { runPrimary } from '../../src/primary/primary.ts';
import { runWorker } from '../../src/worker/worker.ts';

function report(msg: string): void {
  process.stdout.write(`${JSON.stringify({ msg, pid: process.pid })}\n`);
}

/** The cluster with a slow application, for the tests of the drain. */
const settings = readSettings();
if (cluster.isPrimary) {
  await runPrimary(settings);
} else {
  await runWorker(settings, {
    createListener(isEnding) {
      const app = express();
      app.get('/pid', (_req, res) => {
        res.send(String(process.pid));
      });
      // The response follows the end of the body, so the client chooses the time.
      app.post('/held', (req, res) => {
        report('held request begun');
        // The last byte was handed to the kernel: https://nodejs.org/api/http.html#event-finish
        res.once('finish', () => report('held request answered'));
        req.resume().once('end', () => res.send('done'));
      });
      app.get('/block', () => {
        report('blocking');
        for (;;);
      });
      return chain([health(isEnding)], app);
    },
    close: () => report('closed'),
  });
}
