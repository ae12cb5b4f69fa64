export interface RecyclingOptions {
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly maxMemoryMb: number;
  readonly rssBytes?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  ask(reason: string): void;
}

export interface Recycling {
  /** To be called for each request. */
  readonly onRequest: () => void;
  /** To be called now and then: looks at the memory, and asks again as long as nothing came of it. */
  readonly check: () => void;
}

export const RECYCLE_CHECK_EVERY_MS = 5000;
const MEGABYTE = 1024 * 1024;

/** Asks for a replacement when a worker has reached a limit. The jitter keeps workers that started together from asking together. */
export function createRecycling(options: RecyclingOptions): Recycling {
  const { maxRequests, maxMemoryMb, rssBytes = process.memoryUsage.rss, random = Math.random } = options;
  const limit =
    maxRequests === 0
      ? Number.POSITIVE_INFINITY
      : maxRequests + Math.round(random() * options.maxRequestsJitter);
  let requests = 0;

  function check(): void {
    if (requests >= limit) {
      options.ask(`${requests} requests, its limit is ${limit}`);
      return;
    }
    if (maxMemoryMb === 0) return;
    const megabytes = Math.round(rssBytes() / MEGABYTE);
    if (megabytes >= maxMemoryMb) options.ask(`${megabytes} MB of memory, the limit is ${maxMemoryMb}`);
  }

  return {
    onRequest() {
      requests += 1;
      if (requests === limit) check();
    },
    check,
  };
}
