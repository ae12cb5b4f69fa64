import { chooseBaseImages } from '../test-kit/base-images.ts';
import { asText } from './account/report.ts';
import { startChaosStack } from './chaos-stack.ts';
import { type Options, readOptions, USAGE, UsageError } from './plan/options.ts';
import { runChaos } from './run.ts';

const MINUTES_A_DAMAGE_ROUND = 10;
const SEEDS = 1e9;

async function main(options: Options): Promise<boolean> {
  const progress = (line: string) => console.error(`chaos: ${line}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  progress(`seed ${options.seed} (repeat with --seed ${options.seed}); starting the stack`);
  chooseBaseImages();
  const sharing = process.env.E2E_SHARING !== 'off';
  const stack = await startChaosStack(sharing);
  try {
    const report = await runChaos(stack, {
      seed: options.seed,
      faults: Infinity,
      minutes: options.minutes,
      damageRounds: Math.ceil(options.minutes / MINUTES_A_DAMAGE_ROUND),
      sharing,
      signal: stop.signal,
      progress,
    });
    console.log(options.json ? JSON.stringify(report, null, 2) : asText(report));
    return report.broken.length === 0;
  } finally {
    await stack.down();
  }
}

try {
  const options = readOptions(process.argv.slice(2), () => Math.floor(Math.random() * SEEDS));
  if (options.help) console.log(USAGE);
  else process.exitCode = (await main(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`chaos: ${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
