import { Counter, Gauge, Histogram } from 'prom-client';

/** Every request the application took, aborted ones included. */
export const httpRequests = new Counter({
  name: 'http_requests_total',
  help: 'HTTP requests, by method, route pattern and status',
  labelNames: ['method', 'route', 'status'],
});

export const httpRequestDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Seconds from the request line to the end of the answer',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** They are in `http_requests_total` too, as 503. */
export const requestsShed = new Counter({
  name: 'app_requests_shed_total',
  help: 'Requests shed under overload: `wait`, too long for the event loop; `in_flight`, too many at once',
  labelNames: ['reason'],
});

/** They are in no other metric. */
export const parseErrors = new Counter({
  name: 'http_parse_errors_total',
  help: 'Requests that the HTTP parser refused before any code of the application saw them, by the code of its error',
  labelNames: ['code'],
});

export const requestsInFlight = new Gauge({
  name: 'app_requests_in_flight',
  help: 'Requests being served',
});

export const workersBusy = new Gauge({
  name: 'app_workers_busy',
  help: 'Workers that serve at least one request',
});
