/** `npm run load -- [--json] [--quick]` measures the stack under load, through nginx. See docs/explanation/load.md. */
import { parseArgs } from 'node:util';
import { chooseBaseImages } from '../../test-kit/base-images.ts';
import { type Spread, spread } from '../stats/spread.ts';
import { capacity, LIMIT_MS } from './capacity.ts';
import { grownMemory } from './flat-memory.ts';
import { limitsExceeded } from './limits.ts';
import { type CostRound, costRound, type Sides } from './metrics-cost.ts';
import { type OverloadRound, overloadRound, saturatedRate, WORK } from './overload.ts';
import { DEFAULT, type Plan, QUICK } from './plan.ts';
import { asTable } from './report.ts';
import { type ScrapingSide, scrapingSide } from './scraping-cost.ts';
import { LoadStack } from './stack.ts';
import { trial } from './trial.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } },
});
const plan: Plan = options.quick ? QUICK : DEFAULT;
const measures: Record<string, Spread> = {};
const accounts: unknown[] = [];
const failures: string[] = [];
const began = performance.now();

function progress(text: string): void {
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}\n`);
}

async function withStacks<T>(
  stackOptions: readonly Parameters<typeof LoadStack.start>[0][],
  run: (stacks: LoadStack[]) => Promise<T>,
): Promise<T> {
  const stacks: LoadStack[] = [];
  try {
    for (const one of stackOptions) stacks.push(await LoadStack.start(one));
    return await run(stacks);
  } finally {
    for (const stack of stacks) failures.push(...(await limitsExceeded(stack)));
    for (const stack of stacks) stack.down();
  }
}

async function measureCapacity(): Promise<void> {
  await withStacks([{ name: 'capacity' }], async ([stack]) => {
    await warmUp(stack!, '/ping');
    progress(`capacity: highest rate with p99 below ${LIMIT_MS} ms`);
    const found = [];
    for (let i = 0; i < plan.capacitySearches; i++) {
      const from = Math.max(plan.firstRate, (found[0]?.rate ?? 0) / 2);
      found.push(await capacity(`${stack!.publicUrl}/ping`, plan.capacitySeconds, from));
    }
    measures.requests_per_second = spread(
      found.map(({ rate }) => rate),
      'requests/s',
    );
    measures.p99_at_that_rate = spread(
      found.map((one) => one.p99),
      'ms',
    );
  });
}

/** Compares new stacks only: earlier load changes the later cost of a stack. */
async function measureCost(rate: number): Promise<void> {
  const sides = [{ name: 'on' }, { name: 'control' }, { name: 'off', env: { METRICS: '0' } }];
  await withStacks(sides, async ([on, control, off]) => {
    const stacks: Sides<LoadStack> = { on: on!, control: control!, off: off! };
    progress(`processor time per request at ${Math.round(rate)}/s: metrics on, control, off`);
    for (const { publicUrl } of Object.values(stacks)) {
      await trial({ url: `${publicUrl}/ping`, rate, seconds: plan.costWarmUpSeconds });
    }
    const rounds: CostRound[] = [];
    const residentBefore = await stacks.on.residentBytes();
    let dropped = 0;
    while (rounds.length < plan.costRounds) {
      const round = await costRound(stacks, rounds.length + dropped, { rate, seconds: plan.costSeconds });
      if (round !== undefined) rounds.push(round);
      else dropped += 1;
      measures.cost_rounds_dropped = spread([dropped], 'rounds');
      if (dropped > plan.costRounds) {
        throw new Error(
          `${dropped} of ${rounds.length + dropped} rounds were dropped because a request was not answered`,
        );
      }
    }
    const residentAfter = await stacks.on.residentBytes();
    for (const name of ['on', 'control', 'off'] as const) {
      measures[`cpu_per_request_${name}`] = spread(
        rounds.map(({ cost }) => cost[name]),
        'µs',
      );
    }
    measures.cpu_on_to_off = spread(
      rounds.map(({ cost }) => (cost.on + cost.control) / 2 / cost.off),
      'x',
    );
    measures.cpu_on_to_control = spread(
      rounds.map(({ cost }) => cost.on / cost.control),
      'x',
    );
    const [first] = rounds;
    measures.memory_to_first_round = spread(
      rounds.slice(1).map(({ memoryBytes }) => memoryBytes.on / first!.memoryBytes.on),
      'x',
    );
    measures.resident_end_to_start = spread(
      residentAfter.slice(0, 3).map((bytes, i) => bytes / residentBefore[i]!),
      'x',
    );
  });
}

async function measureScraping(rate: number): Promise<void> {
  const env = { LOAD_SERIES: String(plan.series) };
  await withStacks([{ name: 'series', loadRoutes: true, env }], async ([stack]) => {
    await warmUp(stack!, '/ping');
    progress(`scrapes: none and one per second, ${plan.series} series per worker, at ${Math.round(rate)}/s`);
    const sides: Record<'without' | 'with', ScrapingSide[]> = { without: [], with: [] };
    for (let i = 0; i < plan.scrapingPairs; i++) {
      for (const scraped of [false, true]) {
        const side = await scrapingSide(stack!, { rate, seconds: plan.scrapingSeconds, scraped });
        sides[scraped ? 'with' : 'without'].push(side);
      }
    }
    for (const name of ['without', 'with'] as const) {
      measures[`p99_${name}_scrapes`] = spread(
        sides[name].map((side) => side.p99),
        'ms',
      );
      const stalls = sides[name].map(({ longestStallMs }) => longestStallMs);
      measures[`primary_stall_${name}_scrapes`] = spread(stalls, 'ms');
    }
    measures.scrape = spread(
      sides.with.flatMap(({ scrapeMs }) => scrapeMs),
      'ms',
    );
    measures.scrape_size = spread(
      sides.with.map(({ scrapeBytes }) => scrapeBytes / 1024),
      'KiB',
    );
  });
}

async function measureOverload(): Promise<void> {
  await withStacks([{ name: 'overload', loadRoutes: true, whole: true }], async ([stack]) => {
    await warmUp(stack!, WORK, 20);
    progress('overload: measuring the capacity');
    const limit = await saturatedRate(stack!, plan.capacitySeconds);
    const rounds: OverloadRound[] = [];
    for (let i = 0; i < plan.overloads; i++) {
      progress(`overload: sending three times ${Math.round(limit)}/s`);
      const options = { limit, seconds: plan.overloadSeconds, difficultEach: plan.difficultEach };
      rounds.push(await overloadRound(stack!, options));
    }
    const of = (key: Exclude<keyof OverloadRound, 'account'>, unit: string): Spread =>
      spread(
        rounds.map((round) => round[key]),
        unit,
      );
    measures.overload_limit = spread([limit], 'requests/s');
    measures.overload_offered = of('offered', 'requests/s');
    measures.overload_admitted = of('admittedPerSecond', 'requests/s');
    measures.overload_shed_share = of('shedShare', 'of 1');
    measures.overload_p99_before = of('beforeP99', 'ms');
    measures.overload_p99_admitted = of('admittedP99', 'ms');
    if (rounds.every(({ shedShare }) => shedShare > 0)) measures.overload_p99_shed = of('shedP99', 'ms');
    else failures.push('three times the capacity was offered, and no request was shed');
    measures.overload_p99_first_second_after = of('firstSecondP99', 'ms');
    measures.overload_p99_after = of('afterP99', 'ms');
    for (const { account } of rounds) {
      accounts.push(account);
      if (account.lost > 0) failures.push(`${account.lost} requests were answered but not counted`);
      if (account.countedHalfSent > 0) failures.push('half-sent requests were counted by the app');
      if (account.withoutRetryAfter > 0) failures.push('a rejection had no Retry-After');
    }
  });
}

async function warmUp(stack: LoadStack, path: string, rate = plan.firstRate): Promise<void> {
  await trial({ url: stack.publicUrl + path, rate, seconds: plan.warmUpSeconds });
}

/** Records the error of a part and continues with the next part. */
async function part<T>(measure: () => Promise<T>): Promise<T | undefined> {
  try {
    return await measure();
  } catch (error) {
    failures.push(String(error));
    return undefined;
  }
}

// Without a handler a signal ends the process before its exit handlers remove the stacks.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
progress('building the images');
chooseBaseImages();
await part(measureCapacity);
const rate = Math.max(plan.leastCostRate, (measures.requests_per_second?.median ?? 0) * 0.5);
await part(() => measureCost(rate));
await part(() => measureScraping(rate));
await part(measureOverload);
failures.push(...grownMemory(measures));
progress('done');
const report = { ...measures, accounts, failures };
console.log(options.json ? JSON.stringify(report, null, 2) : asTable(measures, accounts, failures));
process.exit(failures.length > 0 ? 1 : 0);
