import type { Counted } from '../../kit/test-kit/counted.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';

export interface RouteCount {
  /** Resolves to the counter once counter and histogram differ as they did at the start; rejects after the deadline. */
  readonly counted: () => Promise<number>;
}

/**
 * Reads how many requests of a route the counter and the histogram have. A worker that is killed between counting a request and
 * observing its duration leaves a permanent difference of one, so the difference at the start is accepted. `ask` scrapes both.
 */
export async function routeCount(
  of: string,
  ask: () => Promise<Counted>,
  deadlineMs: number,
): Promise<RouteCount> {
  let last: number | undefined;
  const difference = await poll(
    `two consecutive scrapes with the same difference between counter and histogram of ${of}`,
    async () => {
      const { counter, histogram } = await ask();
      const before = last;
      last = counter - histogram;
      return before === last ? last : undefined;
    },
    { deadlineMs },
  );
  const counted = () =>
    poll(
      `the counter and the histogram of ${of} to increase equally`,
      async () => {
        const { counter, histogram } = await ask();
        if (counter - histogram === difference) return counter;
        throw new Error(
          `the counter is ${counter} and the histogram ${histogram}; at the start they differed by ${difference}`,
        );
      },
      { deadlineMs },
    );
  return { counted };
}
