export interface PollOptions {
  readonly deadlineMs: number;
  readonly everyMs?: number;
}

const DEFAULT_EVERY_MS = 100;

/**
 * Asks until the probe gives something other than undefined. An error of the probe means "not yet"; the last one is the
 * cause of the error thrown at the deadline, so a probe that always fails says why.
 */
export async function poll<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  { deadlineMs, everyMs = DEFAULT_EVERY_MS }: PollOptions,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) throw new Error(`${what}: not so after ${deadlineMs} ms`, { cause });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Polls a value until it has been the same for `forMs`: the end of a count whose final value is not known before. */
export async function pollUntilStable<T>(
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
