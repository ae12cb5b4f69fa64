/**
 * Unix time in seconds: the clock of start times and exemplars, which Prometheus compares with its own time. Unlike
 * `unixTimeOfBoot() + bootTime()` it gives the same time of an event in all processes and at each scrape.
 */
export function unixTime(): number {
  return Date.now() / 1000;
}
