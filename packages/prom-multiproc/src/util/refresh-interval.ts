/**
 * Milliseconds between two refreshes of what a process shows without being asked: see `ProcessSlot.refresh`.
 * `PROMETHEUS_MULTIPROC_REFRESH_MS` sets another interval.
 */
export const REFRESH_INTERVAL_MS = 5000;

/** What the environment sets, or the default. */
export function refreshInterval(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_REFRESH_MS);
  return wanted >= 10 && wanted <= 3_600_000 ? wanted : REFRESH_INTERVAL_MS;
}
