import { Counter } from 'prom-client';

const pingResponses = new Counter({
  name: 'ping_responses_total',
  help: 'Answers to /ping, by status',
  labelNames: ['status'],
});

/** Whether the path is one of the application, and was answered. */
export function routes(path: string, send: (text: string) => void): boolean {
  if (path !== '/ping') return false;
  pingResponses.inc({ status: 200 });
  send('Pong');
  return true;
}
