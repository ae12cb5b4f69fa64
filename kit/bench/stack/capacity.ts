import { allAnswered, p99, trial as send } from './trial.ts';

export const LIMIT_MS = 50;
const STEPS = 4;

export interface Capacity {
  readonly rate: number;
  readonly p99: number;
}

/**
 * Finds the highest rate at which every request is answered with 200 and the 99th percentile stays below `LIMIT_MS`: doubles the rate
 * until it fails, then bisects. Tries a failed rate once more, because other load can make a rate fail but not hold.
 * @throws Error if no tried rate holds
 */
export async function capacity(
  url: string,
  seconds: number,
  from: number,
  trial: typeof send = send,
): Promise<Capacity> {
  let held: Capacity = { rate: 0, p99: Number.NaN };
  let failed = Number.POSITIVE_INFINITY;

  async function tryRate(rate: number): Promise<boolean> {
    const holds = (await tryOnce(rate)) || (await tryOnce(rate));
    if (!holds) failed = rate;
    return holds;
  }

  async function tryOnce(rate: number): Promise<boolean> {
    const report = await trial({ url, rate, seconds });
    const measured = p99(report);
    const holds = allAnswered(report) && measured < LIMIT_MS;
    if (holds) held = { rate, p99: measured };
    process.stderr.write(
      `  ${Math.round(rate)}/s: p99 ${measured.toFixed(1)} ms${holds ? '' : ', failed'}\n`,
    );
    return holds;
  }

  let rate = from;
  while (await tryRate(rate)) rate *= 2;
  for (let halved = 0; held.rate === 0 && halved < STEPS; halved++) {
    rate /= 2;
    await tryRate(rate);
  }
  if (held.rate === 0) {
    throw new Error(
      `${url}: the 99th percentile is above ${LIMIT_MS} ms even at ${rate} requests per second; stop other programs on this machine`,
    );
  }
  for (let step = 0; step < STEPS; step++) await tryRate((held.rate + failed) / 2);
  return held;
}
