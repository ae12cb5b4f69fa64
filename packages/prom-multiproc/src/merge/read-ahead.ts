/** Milliseconds between two looks for new records. */
export const LOOK_INTERVAL_MS = 100;

/**
 * Runs `look` repeatedly, one step in each turn of the event loop. Does not keep the process running. A look that throws is
 * abandoned without a report: the next scrape fails and reports the same error.
 */
export function readAhead(look: () => Iterator<void>): void {
  let steps: Iterator<void> | undefined;
  const step = (): void => {
    try {
      steps ??= look();
      if (steps.next().done) steps = undefined;
    } catch {
      steps = undefined;
    }
    if (steps !== undefined) setImmediate(step).unref();
  };
  setInterval(() => {
    if (steps === undefined) step();
  }, LOOK_INTERVAL_MS).unref();
}
