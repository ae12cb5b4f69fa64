import type { Settings } from '../core/settings.ts';
import { FINAL_SCRAPE_MAX_MS } from './final-scrape.ts';

/** Time between the drain deadline of a worker and its SIGKILL. */
export const KILL_MARGIN_MS = 1000;

/** Longest time from SIGTERM to the exit of the primary. Grace periods of supervisord, containers, units and pods follow from it. */
export function longestEndMs({
  drainWaitMs,
  drainTimeoutMs,
}: Pick<Settings, 'drainWaitMs' | 'drainTimeoutMs'>): number {
  return drainWaitMs + drainTimeoutMs + KILL_MARGIN_MS + FINAL_SCRAPE_MAX_MS;
}
