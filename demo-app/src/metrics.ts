import { Counter } from 'prom-client';

/** The application's own metrics. cluster-runtime counts requests. */
export const pingResponses = new Counter({
  name: 'ping_responses_total',
  help: 'Responses to /ping, by status',
  labelNames: ['status'],
});
