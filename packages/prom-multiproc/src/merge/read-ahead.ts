/** Milliseconds between two looks at what is new. */
export const LOOK_INTERVAL_MS = 100;

/**
 * Goes through `look` again and again, one step each turn of the event loop, for as long as something else keeps the
 * process alive. A look that fails ends there: the next scrape meets the same failure, and reports it.
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
