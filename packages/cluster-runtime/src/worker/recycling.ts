export interface RecyclingOptions {
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly maxMemoryMb: number;
  readonly rssBytes?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Called when the worker has reached a limit. */
  requestReplacement(reason: string): void;
}

export interface Recycling {
  /** Call it for each request. */
  readonly onRequest: () => void;
  /** Call it every RECYCLE_CHECK_EVERY_MS: it calls `requestReplacement` again while a limit is reached. */
  readonly check: () => void;
}

export const RECYCLE_CHECK_EVERY_MS = 5000;
const MEGABYTE = 1024 * 1024;

/** Requests a replacement when a worker reaches a limit. The jitter spreads the replacements of workers that started together. */
export function createRecycling(options: RecyclingOptions): Recycling {
  const { maxRequests, maxMemoryMb, rssBytes = process.memoryUsage.rss, random = Math.random } = options;
  const limit =
    maxRequests === 0
      ? Number.POSITIVE_INFINITY
      : maxRequests + Math.round(random() * options.maxRequestsJitter);
  let requests = 0;

  function check(): void {
    if (requests >= limit) {
      options.requestReplacement(`${requests} requests, limit ${limit}`);
      return;
    }
    if (maxMemoryMb === 0) return;
    const megabytes = Math.round(rssBytes() / MEGABYTE);
    if (megabytes >= maxMemoryMb) {
      options.requestReplacement(`${megabytes} MB of memory, limit ${maxMemoryMb} MB`);
    }
  }

  return {
    onRequest() {
      requests += 1;
      if (requests === limit) check();
    },
    check,
  };
}
