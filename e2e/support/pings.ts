import { expect } from '@playwright/test';
import { countedOf } from '../../kit/test-kit/counted.ts';
import type { Exposition } from '../../kit/test-kit/exposition.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import type { Stack } from './stack.ts';

export const REQUESTS = 400;
export const PING_LOAD = {
  connections: 16,
  maxRequests: REQUESTS,
  durationMs: 60_000,
  requestTimeoutMs: 20_000,
};
const TIMEOUT_MS = 20_000;
const STABLE = { forMs: 500, deadlineMs: 60_000 };

/** Sends requests and expects status 200 for each. */
export async function ping(stack: Stack, requests = REQUESTS): Promise<void> {
  const url = `${stack.publicUrl}/ping`;
  const report = await startLoad({ ...PING_LOAD, maxRequests: requests, url }).done;
  expect(report.byStatus, JSON.stringify(report.byCause)).toEqual({ 200: requests });
}

export function metricsOf(stack: Stack): Promise<Exposition> {
  return scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
}

/** Returns the count of pings once it is stable. Counter and histogram must agree. */
export async function counted(stack: Stack): Promise<number> {
  const read = async () => countedOf(await metricsOf(stack), '/ping');
  const { counter, histogram } = await pollUntilStable('the count', read, STABLE);
  expect(histogram).toBe(counter);
  return counter;
}
