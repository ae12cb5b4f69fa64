import { type Exposition, total } from './exposition.ts';

/** Requests of one route according to http_requests_total and http_request_duration_seconds. */
export interface Counted {
  readonly counter: number;
  readonly histogram: number;
}

export function countedOf(exposition: Exposition, route: string): Counted {
  return {
    counter: total(exposition, 'http_requests_total', { route }),
    histogram: total(exposition, 'http_request_duration_seconds_count', { route }),
  };
}
