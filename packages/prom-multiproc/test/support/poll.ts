export interface PollOptions {
  readonly deadlineMs: number;
  readonly everyMs?: number;
}

const DEFAULT_EVERY_MS = 100;
const LONG: PollOptions = { deadlineMs: 60_000, everyMs: 10 };

/**
 * Asks until the probe gives something other than undefined. An error of the probe means "not yet"; the last one is the
 * cause of the error thrown at the deadline, so a probe that always fails says why.
 */
export function poll<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: PollOptions,
): Promise<T> {
  return ask(what, probe, options, (error) => error);
}

/** Asks until the probe gives something that is neither undefined nor false. An error of the probe ends it at once. */
export function until<T>(
  what: string | (() => string),
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: PollOptions = LONG,
): Promise<T> {
  const orUndefined = async () => {
    const value = await probe();
    return value === false ? undefined : value;
  };
  return ask(what, orUndefined, options, (error) => {
    throw error;
  });
}

/** Polls a value until it has been the same for `forMs`: the end of a count whose final value is not known before. */
export function pollUntilStable<T>(
  what: string,
  probe: () => Promise<T> | T,
  { deadlineMs, everyMs = DEFAULT_EVERY_MS, forMs }: PollOptions & { readonly forMs: number },
): Promise<T> {
  let last: string | undefined;
  let since = 0;
  return poll(
    `${what} (stable for ${forMs} ms)`,
    async () => {
      const value = await probe();
      const seen = JSON.stringify(value);
      if (seen !== last) {
        last = seen;
        since = Date.now();
      }
      return Date.now() - since >= forMs ? value : undefined;
    },
    { deadlineMs, everyMs },
  );
}

async function ask<T>(
  what: string | (() => string),
  probe: () => Promise<T | undefined> | T | undefined,
  { deadlineMs, everyMs = DEFAULT_EVERY_MS }: PollOptions,
  reasonOf: (error: unknown) => unknown,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      cause = reasonOf(error);
    }
    if (performance.now() >= deadline) {
      const awaited = typeof what === 'string' ? what : what();
      throw new Error(`${awaited}: not so after ${deadlineMs} ms`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
