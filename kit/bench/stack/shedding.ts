/**
 * `npm run load:shedding -- [--write] [--rounds N] [--seconds N]` offers three times the capacity to a stack with the wait queue and to
 * stacks with fixed limits only. `--write` writes the figures into docs/explanation/load.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chooseBaseImages } from '../../test-kit/base-images.ts';
import { LOAD_PAGE, SHEDDING_SCRIPT } from '../files.ts';
import { processors } from '../machine.ts';
import { withFigures } from '../stats/page-figures.ts';
import { limitsExceeded } from './limits.ts';
import { saturatedRate } from './overload.ts';
import { type Measured, sheddingTable } from './shedding-report.ts';
import { type Route, type SheddingRound, sheddingRound } from './shedding-round.ts';
import { LoadStack } from './stack.ts';
import { trial } from './trial.ts';

const WARM_UP = { rate: 50, seconds: 2 };
const CAPACITY_SECONDS = 4;
/** One processor for the app; nginx and the load generator use the others. */
const APP_CPU_QUOTA = '100000';

const ROUTES: readonly Route[] = [
  { path: '/work?ms=1', what: '1 ms of processor time', clients: 16 },
  { path: '/work?ms=5', what: '5 ms of processor time', clients: 16 },
  { path: '/wait?ms=300', what: '300 ms of waiting', clients: 240 },
];

interface Side {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly maxConns?: number;
}

const SIDES: readonly Side[] = [
  { name: 'wait queue; nginx: 256 in flight (default)', env: { MAX_WAIT_MS: '', MAX_IN_FLIGHT: '' } },
  { name: 'no wait queue; nginx: 256 in flight', env: { MAX_WAIT_MS: '0', MAX_IN_FLIGHT: '' } },
  { name: 'no wait queue; nginx: 256 in flight; worker: 32', env: { MAX_WAIT_MS: '0', MAX_IN_FLIGHT: '32' } },
  { name: 'no wait queue; nginx: 64 in flight', env: { MAX_WAIT_MS: '0', MAX_IN_FLIGHT: '' }, maxConns: 64 },
];

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean' },
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '5' },
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
const failures: string[] = [];

async function measure(stacks: readonly LoadStack[], route: Route): Promise<Measured> {
  for (const { publicUrl } of stacks) await trial({ url: publicUrl + route.path, ...WARM_UP });
  const capacity = await saturatedRate(stacks[0]!, CAPACITY_SECONDS, route);
  process.stderr.write(`${route.path}: ${Math.round(capacity)} requests per second\n`);
  const bySide = SIDES.map(({ name }) => ({ name, rounds: [] as SheddingRound[] }));
  for (let i = 0; i < rounds; i++) {
    // Reverses the order in every second round, so no side always comes first.
    const order = i % 2 === 0 ? bySide.keys() : [...bySide.keys()].reverse();
    for (const side of order) {
      const round = await sheddingRound(stacks[side]!, route, capacity, seconds);
      bySide[side]!.rounds.push(round);
      process.stderr.write(`  ${bySide[side]!.name}: ${JSON.stringify(round)}\n`);
    }
  }
  return { route, capacity, bySide };
}

async function measureAll(): Promise<Measured[]> {
  const stacks: LoadStack[] = [];
  try {
    for (const [i, { env, maxConns }] of SIDES.entries()) {
      stacks.push(
        await LoadStack.start({
          name: `shedding-${i}`,
          loadRoutes: true,
          env: { APP_CPU_QUOTA, ...env },
          maxConns,
        }),
      );
    }
    const measured: Measured[] = [];
    for (const route of ROUTES) measured.push(await measure(stacks, route));
    for (const stack of stacks) failures.push(...(await limitsExceeded(stack)));
    return measured;
  } finally {
    for (const stack of stacks) stack.down();
  }
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
chooseBaseImages();
const measured = await measureAll();
const machine = `Node ${process.versions.node}, ${processors()}, one of them for the app, ${new Date().toISOString().slice(0, 10)}. ${rounds} rounds of ${seconds} s.`;
const table = sheddingTable(measured);
console.log(`${machine}\n\n${table}`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
if (options.write)
  writeFileSync(
    LOAD_PAGE,
    withFigures(readFileSync(LOAD_PAGE, 'utf8'), SHEDDING_SCRIPT, `${machine}\n\n${table}`),
  );
process.exit(failures.length > 0 ? 1 : 0);
