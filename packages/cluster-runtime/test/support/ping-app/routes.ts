import { Counter } from 'prom-client';

const pingResponses = new Counter({
  name: 'ping_responses_total',
  help: 'Answers to /ping, by status',
  labelNames: ['status'],
});

/** Answers the path and returns true, or returns false if the application has no such path. */
export function routes(path: string, send: (text: string) => void): boolean {
  if (path !== '/ping') return false;
  pingResponses.inc({ status: 200 });
  send('Pong');
  return true;
}
