import { exemplars, httpRequestDuration, httpRequests } from './http-metrics.ts';
import { methodLabel } from './method-label.ts';

/** The series of one combination of method, route and status. */
interface RequestSeries {
  readonly requests: { inc(): void };
  readonly duration: { observe(seconds: number): void };
  readonly labels: { readonly method: string; readonly route: string; readonly status: number };
}

/**
 * Series by route, method and status, which are bounded. One lookup here replaces one in each metric, except in a histogram with
 * exemplars: prom-client's bound children take none.
 */
const known = new Map<string, Map<string, Map<number, RequestSeries>>>();

/** Counts a request that began at `start`, a time of `performance.now()`. The trace id of `traced` becomes its exemplar. */
export function countRequest(
  method: string | undefined,
  route: string | undefined,
  status: number,
  start: number,
  traced?: { readonly traceId: string },
): void {
  const { requests, duration, labels } = requestSeries(methodLabel(method), route ?? 'unmatched', status);
  requests.inc();
  const value = (performance.now() - start) / 1000;
  if (exemplars && traced !== undefined) {
    // The types of prom-client allow only the metric's own labels.
    const exemplarLabels = { trace_id: traced.traceId } as object;
    httpRequestDuration.observe({ labels, value, exemplarLabels });
  } else duration.observe(value);
}

function requestSeries(method: string, route: string, status: number): RequestSeries {
  const found = known.get(route)?.get(method)?.get(status);
  if (found !== undefined) return found;
  const labels = { method, route, status };
  const made = {
    requests: httpRequests.labels(labels),
    duration: httpRequestDuration.labels(labels),
    labels,
  };
  const byMethod = known.get(route) ?? new Map<string, Map<number, RequestSeries>>();
  const byStatus = byMethod.get(method) ?? new Map<number, RequestSeries>();
  known.set(route, byMethod.set(method, byStatus.set(status, made)));
  return made;
}
