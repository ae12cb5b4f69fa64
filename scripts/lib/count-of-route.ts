import type { Counted } from '../../kit/test-kit/counted.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';

export interface RouteCount {
  /** Requests in the counter, once the histogram has as many more of them as it had before. */
  readonly counted: () => Promise<number>;
}

/**
 * A worker that is killed after it has counted a request and before it has observed its time leaves the two apart by one, for good: what
 * they differ by at the start is no fault. Where others ask for the same route, a scrape may find a request in one of them only, for a moment.
 */
export async function routeCount(
  of: string,
  ask: () => Promise<Counted>,
  deadlineMs: number,
): Promise<RouteCount> {
  let last: number | undefined;
  const apart = await poll(
    `two scrapes in a row with the same difference between ${of} in the counter and in the histogram`,
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
      `as many more ${of} in the counter as in the histogram`,
      async () => {
        const { counter, histogram } = await ask();
        if (counter - histogram === apart) return counter;
        throw new Error(
          `the counter says ${counter} and the histogram ${histogram}; at the start they differed by ${apart}`,
        );
      },
      { deadlineMs },
    );
  return { counted };
}
