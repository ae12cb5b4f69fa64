import { Counter } from 'prom-client';

/** The application's own metrics. Requests are counted without its doing: ../metrics.ts. */
export const pingResponses = new Counter({
  name: 'ping_responses_total',
  help: 'Answers to /ping, by status',
  labelNames: ['status'],
});
