/** Milliseconds between two looks at what is new. */
export const LOOK_INTERVAL_MS = 100;

/**
 * Goes through `look` again and again, one step each turn of the event loop, for as long as something else keeps the
 * process alive.
 */
export function readAhead(look: () => Iterator<void>): void {
  let looking = false;
  setInterval(() => {
    if (looking) return;
    looking = true;
    const steps = look();
    const step = (): void => {
      looking = steps.next().done !== true;
      if (looking) setImmediate(step).unref();
    };
    step();
  }, LOOK_INTERVAL_MS).unref();
}
