// @ts-check
import { Counter } from 'prom-client';

const MOST_MS = 10_000;
/** Larger than all buffers between the app and a client. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x');

const pingResponses = new Counter({
  name: 'ping_responses_total',
  help: 'Answers to /ping, by status',
  labelNames: ['status'],
});

/**
 * Routes for load tests, mounted over demo-app/src/routes.js of the image: some use processor time, some wait, and LOAD_SERIES sets
 * the number of series.
 *
 * @param {import('express').Express} app
 */
export function addRoutes(app) {
  registerSeries(Number(process.env.LOAD_SERIES || 0));

  app.get('/ping', (_req, res) => {
    pingResponses.inc({ status: 200 });
    res.type('text/plain').send('Pong');
  });

  // Aborted and half-sent requests have their own paths, so each kind can be reconciled.
  for (const path of ['/work', '/half-sent']) {
    app.get(path, (req, res) => {
      work(milliseconds(req.query.ms));
      res.type('text/plain').send('Done');
    });
  }

  // Waits without using the processor, as for a database.
  app.all('/wait', (req, res) => {
    setTimeout(() => res.type('text/plain').send('Done'), milliseconds(req.query.ms));
  });

  app.get('/aborted', (req, res) => {
    const timer = setTimeout(() => res.type('text/plain').send('Done'), milliseconds(req.query.ms));
    res.once('close', () => clearTimeout(timer));
  });

  app.get('/large', (_req, res) => {
    res.type('text/plain').send(LARGE);
  });

  app.post('/upload', async (req, res) => {
    let bytes = 0;
    for await (const chunk of req) bytes += chunk.length;
    res.type('text/plain').send(String(bytes));
  });

  app.get('/stream', (req, res) => {
    const end = performance.now() + milliseconds(req.query.ms);
    const timer = setInterval(() => {
      if (performance.now() >= end) res.end('end\n');
      else res.write('more\n');
    }, 100);
    res.type('text/plain').write('begin\n');
    res.once('close', () => clearInterval(timer));
  });
}

/**
 * Uses this many milliseconds of processor time.
 *
 * @param {number} ms
 */
function work(ms) {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const end = used() + ms;
  while (used() < end);
}

/** @param {unknown} given */
function milliseconds(given) {
  const value = typeof given === 'string' && /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return Math.min(MOST_MS, value);
}

/** @param {number} count */
function registerSeries(count) {
  if (count === 0) return;
  const counter = new Counter({
    name: 'load_items_total',
    help: 'As many series as the load test asks for',
    labelNames: ['method', 'route', 'status'],
  });
  for (let i = 0; i < count; i++) counter.inc({ method: 'GET', route: `/items/${i}/details`, status: 200 });
}
