/**
 * What the stack holds under load, through nginx, on this machine: `npm run load -- [--json] [--quick]`. See docs/explanation/load.md.
 */
import { parseArgs } from 'node:util';
import { chooseBaseImages } from '../../test-kit/base-images.ts';
import { type Spread, spread } from '../stats/spread.ts';
import { capacity, LIMIT_MS } from './capacity.ts';
import { grownMemory } from './flat-memory.ts';
import { limitsMet } from './limits.ts';
import { type CostRound, costRound, type Sides } from './metrics-cost.ts';
import { mostAnswered, type OverloadRound, overloadRound, WORK } from './overload.ts';
import { DEFAULT, type Plan, QUICK } from './plan.ts';
import { asTable } from './report.ts';
import { type ScrapingSide, scrapingSide } from './scraping-cost.ts';
import { LoadStack } from './stack.ts';
import { trial } from './trial.ts';

const { values: given } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } },
});
const plan: Plan = given.quick ? QUICK : DEFAULT;
const measures: Record<string, Spread> = {};
const accounts: unknown[] = [];
const broken: string[] = [];
const began = performance.now();

function say(text: string): void {
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s: ${text}\n`);
}

async function withStacks<T>(
  options: readonly Parameters<typeof LoadStack.start>[0][],
  run: (stacks: LoadStack[]) => Promise<T>,
): Promise<T> {
  const stacks: LoadStack[] = [];
  try {
    for (const one of options) stacks.push(await LoadStack.start(one));
    return await run(stacks);
  } finally {
    for (const stack of stacks) broken.push(...(await limitsMet(stack)));
    for (const stack of stacks) stack.down();
  }
}

async function measureCapacity(): Promise<void> {
  await withStacks([{ name: 'capacity' }], async ([stack]) => {
    await warmUp(stack!, '/ping');
    say(`the most requests a second at p99 < ${LIMIT_MS} ms`);
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

/** Of three stacks that have served nothing else: what one has been through it is not rid of. */
async function measureCost(rate: number): Promise<void> {
  const sides = [{ name: 'on' }, { name: 'alike' }, { name: 'off', env: { METRICS: '0' } }];
  await withStacks(sides, async ([on, alike, off]) => {
    const stacks: Sides<LoadStack> = { on: on!, alike: alike!, off: off! };
    say(`processor time of a request at ${Math.round(rate)}/s: metrics on, alike, off`);
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
        throw new Error(`${dropped} of ${rounds.length + dropped} rounds did not have all answers`);
      }
    }
    const residentAfter = await stacks.on.residentBytes();
    for (const name of ['on', 'alike', 'off'] as const) {
      measures[`cpu_per_request_${name}`] = spread(
        rounds.map(({ cost }) => cost[name]),
        'µs',
      );
    }
    measures.cpu_on_to_off = spread(
      rounds.map(({ cost }) => (cost.on + cost.alike) / 2 / cost.off),
      'x',
    );
    measures.cpu_on_to_alike = spread(
      rounds.map(({ cost }) => cost.on / cost.alike),
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
    say(`one scrape a second at ${plan.series} series a worker, against none, at ${Math.round(rate)}/s`);
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
    say('overload: the limit first');
    const limit = await mostAnswered(stack!, plan.capacitySeconds);
    const rounds: OverloadRound[] = [];
    for (let i = 0; i < plan.overloads; i++) {
      say(`overload: three times ${Math.round(limit)}/s`);
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
    else broken.push('three times the limit, and nothing was turned away');
    measures.overload_p99_first_second_after = of('firstSecondP99', 'ms');
    measures.overload_p99_after = of('afterP99', 'ms');
    for (const { account } of rounds) {
      accounts.push(account);
      if (account.lost > 0) broken.push(`${account.lost} requests were answered and not counted`);
      if (account.countedHalfSent > 0) broken.push('half-sent requests reached the application');
      if (account.withoutRetryAfter > 0) broken.push('a refusal did not say when to come again');
    }
  });
}

async function warmUp(stack: LoadStack, path: string, rate = plan.firstRate): Promise<void> {
  await trial({ url: stack.publicUrl + path, rate, seconds: plan.warmUpSeconds });
}

/** What fails is told with what was measured before it; the parts after it are measured all the same. */
async function part<T>(measure: () => Promise<T>): Promise<T | undefined> {
  try {
    return await measure();
  } catch (error) {
    broken.push(String(error));
    return undefined;
  }
}

// By itself a signal ends the process without the handlers that take the stacks down.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
say('building the images');
chooseBaseImages();
await part(measureCapacity);
const rate = Math.max(plan.leastCostRate, (measures.requests_per_second?.median ?? 0) * 0.5);
await part(() => measureCost(rate));
await part(() => measureScraping(rate));
await part(measureOverload);
broken.push(...grownMemory(measures));
say('done');
const report = { ...measures, accounts, broken };
console.log(given.json ? JSON.stringify(report, null, 2) : asTable(measures, accounts, broken));
process.exit(broken.length > 0 ? 1 : 0);
