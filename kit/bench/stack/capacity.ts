import { allAnswered, p99, trial as send } from './trial.ts';

export const LIMIT_MS = 50;
const STEPS = 4;

export interface Capacity {
  readonly rate: number;
  readonly p99: number;
}

/**
 * The highest rate at which every request is answered by 200 and the 99th percentile stays under the limit: doubled
 * until it does not hold, then halved in between. What else the machine does makes a rate fail and never hold: one that
 * failed is tried once more.
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
    const found = p99(report);
    const holds = allAnswered(report) && found < LIMIT_MS;
    if (holds) held = { rate, p99: found };
    process.stderr.write(`  ${Math.round(rate)}/s: p99 ${found.toFixed(1)} ms${holds ? '' : ', too much'}\n`);
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
      `${url}: not even ${rate} requests a second had their 99th percentile under ${LIMIT_MS} ms: end what else runs on this machine`,
    );
  }
  for (let step = 0; step < STEPS; step++) await tryRate((held.rate + failed) / 2);
  return held;
}
