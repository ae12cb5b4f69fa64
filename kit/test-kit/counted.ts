import { type Exposition, total } from './exposition.ts';

/** What the application says of one route, in each of the metrics that count its requests. */
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
