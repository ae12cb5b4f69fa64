/**
 * `npm run bench -- host [--quick] [--json] [--out FILE]` compares processor time and memory of the stack with and without containers:
 * about 3 minutes, as root on Linux. Writes the figures as JSON to FILE (default `reports/host.json`) and prints them as a table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { chooseBaseImages } from '../../../test-kit/base-images.ts';
import { HOST_JSON } from '../../files.ts';
import { benchOptions } from '../../library/options.ts';
import { asText } from '../../library/report/table.ts';
import { compare, type Report } from '../../stats/comparison.ts';
import { saturate, steadyLoad } from '../cost/requests.ts';
import { type Consumption, consumptionOf } from './processes.ts';
import { SIDES, type Side } from './sides.ts';

const options = benchOptions(process.argv.slice(2), HOST_JSON);
const { rounds, seconds } = options.quick ? { rounds: 1, seconds: 1 } : { rounds: 8, seconds: 3 };
const LOADS = { saturated: saturate, steady: steadyLoad } as const;

type Samples = Record<string, Record<string, number[]>>;

async function measure(): Promise<Report> {
  const sides: Record<string, Side> = {};
  try {
    for (const [name, start] of Object.entries(SIDES)) {
      process.stderr.write(`starting ${name}\n`);
      sides[name] = await start();
    }
    const samples: Samples = {};
    const names = Object.keys(sides);
    for (const name of names) await saturate(sides[name]!.url, 2 * seconds);
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another side.
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(round + turn) % names.length]!;
        await sample(samples, name, sides[name]!);
      }
      process.stderr.write(`  round ${round + 1} of ${rounds}\n`);
    }
    return Object.fromEntries(
      Object.entries(samples).map(([name, values]) => [
        name,
        compare(values, name.endsWith('memory') ? 'MB' : 'us'),
      ]),
    );
  } finally {
    for (const side of Object.values(sides)) await side.down();
  }
}

async function sample(samples: Samples, name: string, side: Side): Promise<void> {
  const add = (measure: string, value: number): void => {
    samples[measure] ??= {};
    samples[measure][name] ??= [];
    samples[measure][name].push(value);
  };
  const parts = (): Record<'app' | 'nginx', Consumption> => ({
    app: consumptionOf(side.app()),
    nginx: consumptionOf(side.nginx()),
  });
  for (const [load, run] of Object.entries(LOADS)) {
    const before = parts();
    const requests = await run(side.url, seconds);
    const after = parts();
    for (const part of ['app', 'nginx'] as const) {
      add(`${load}_${part}`, (after[part].cpuMicroseconds - before[part].cpuMicroseconds) / requests);
      if (load === 'steady') add(`${part}_memory`, after[part].memoryBytes / 1e6);
    }
  }
}

// Without a handler a signal ends the process before its exit handlers remove the stacks.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
chooseBaseImages();
const report = await measure();
const json = `${JSON.stringify(report, null, 2)}\n`;
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, json);
process.stdout.write(options.json ? json : asText(report));
process.exit(0);
