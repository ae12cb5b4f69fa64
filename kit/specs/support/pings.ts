import { type Load, startLoad } from '../../test-kit/load.ts';

const MOST_MS = 20 * 60_000;

/** Sends a request every 50 ms on each of two connections, until it is stopped. */
export function startPings(publicUrl: string): Load {
  return startLoad({
    url: `${publicUrl}/ping`,
    connections: 2,
    maxRequests: 100_000,
    durationMs: MOST_MS,
    requestTimeoutMs: 30_000,
    pauseMs: 50,
  });
}
