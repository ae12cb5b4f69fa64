import { Counter, Gauge, Histogram, register } from 'prom-client';
import { readSettings } from '../core/settings.ts';

/** Read at import, because `enableExemplars` is an option of the constructor. `main()` validates the settings before it imports this file. */
export const { exemplars } = readSettings();

/** Every request that a worker received and parsed, including `/livez`, `/readyz`, shed and aborted requests. */
export const httpRequests = new Counter({
  name: 'http_requests_total',
  help: 'HTTP requests, by method, route pattern and status',
  labelNames: ['method', 'route', 'status'],
});

export const httpRequestDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the parsed request head to the end of the response in seconds',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  enableExemplars: exemplars,
  registers: [],
});
// The constructor throws if `enableExemplars` is set and the registry is not OpenMetrics; `registerMetric()` does not.
register.registerMetric(httpRequestDuration);

/** A shed request is also in `http_requests_total`, with status 503. */
export const requestsShed = new Counter({
  name: 'app_requests_shed_total',
  help: 'Requests shed under overload, by reason: `wait`, waited too long; `in_flight`, too many in flight',
  labelNames: ['reason'],
});

/** These requests are in no other metric. */
export const parseErrors = new Counter({
  name: 'http_parse_errors_total',
  help: 'Requests that the HTTP parser refused, by error code',
  labelNames: ['code'],
});

export const requestsInFlight = new Gauge({
  name: 'app_requests_in_flight',
  help: 'Requests in flight',
});

export const workersBusy = new Gauge({
  name: 'app_workers_busy',
  help: 'Workers with at least one request in flight',
});
