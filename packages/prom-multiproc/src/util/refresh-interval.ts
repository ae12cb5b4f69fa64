/**
 * Default milliseconds between two refreshes: see `ProcessSlot.refresh`. `PROMETHEUS_MULTIPROC_REFRESH_MS` sets another
 * interval.
 */
export const REFRESH_INTERVAL_MS = 5000;

/** The refresh interval that the environment sets, or the default. Values outside 10 to 3,600,000 ms are ignored. */
export function refreshInterval(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_REFRESH_MS);
  return wanted >= 10 && wanted <= 3_600_000 ? wanted : REFRESH_INTERVAL_MS;
}
