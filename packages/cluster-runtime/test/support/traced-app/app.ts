import { type App, log, traceIdOf, traceparentOf } from '../../../src/index.ts';

/** Logs each request in a callback, and answers with its trace. */
export function createApp(): App {
  return {
    listener(req, res) {
      setImmediate(() => {
        log('info', 'in a callback');
        const traceparent = traceparentOf(res);
        res.writeHead(req.url === '/failed' ? 500 : 200, { 'Content-Type': 'application/json' });
        res.end(JSON.stringify({ traceId: traceIdOf(res), traceparent, again: traceparentOf(res) }));
      });
    },
    routeOf: () => undefined,
    logRequestIds: true,
  };
}
