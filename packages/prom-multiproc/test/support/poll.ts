export interface PollOptions {
  readonly deadlineMs: number;
  readonly everyMs?: number;
}

const DEFAULT_EVERY_MS = 100;
const LONG: PollOptions = { deadlineMs: 60_000, everyMs: 10 };

/**
 * Calls `probe` until it returns a value other than undefined. Ignores errors of the probe before the deadline.
 * @throws Error at the deadline, with the last error of the probe as its cause.
 */
export function poll<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: PollOptions,
): Promise<T> {
  return repeat(what, probe, options, (error) => error);
}

/** Calls `probe` until it returns a value other than undefined and false. @throws the first error of the probe. */
export function until<T>(
  what: string | (() => string),
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: PollOptions = LONG,
): Promise<T> {
  const orUndefined = async () => {
    const value = await probe();
    return value === false ? undefined : value;
  };
  return repeat(what, orUndefined, options, (error) => {
    throw error;
  });
}

/** Polls a value until it has not changed for `forMs`, and returns it. For a count whose final value is unknown. */
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

async function repeat<T>(
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
      throw new Error(`timed out after ${deadlineMs} ms waiting for ${awaited}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
