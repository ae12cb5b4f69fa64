/**
 * `npm run bench -- stack [--quick] [--json] [--out FILE]` compares the kit with stacks that a person would write: see
 * docs/explanation/load.md. Writes the figures as JSON to FILE (default `reports/stack.json`) and prints them as a table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setUpTestcontainers } from '../../../../e2e/support/testcontainers-setup.ts';
import { chooseBaseImages } from '../../../test-kit/base-images.ts';
import { STACK_JSON } from '../../files.ts';
import { benchOptions } from '../../library/options.ts';
import { asText } from '../../library/report/table.ts';
import { busyBeforeRun } from '../../machine.ts';
import { progress } from '../../progress.ts';
import { alternate, compare, type Report } from '../../stats/comparison.ts';
import { DEFAULT, QUICK } from './plan.ts';
import { measureRequests, measureRest } from './requests.ts';
import { SIDES, type Side } from './sides.ts';
import { STARTS } from './start-time.ts';

const UNITS: Readonly<Record<string, string>> = { saturated_requests: 'requests/s', memory: 'MB' };

const options = benchOptions(process.argv.slice(2), STACK_JSON);
const plan = options.quick ? QUICK : DEFAULT;

async function measure(): Promise<Report> {
  const sides: Record<string, Side> = {};
  const report: Record<string, ReturnType<typeof compare>> = {};
  try {
    for (const [name, start] of Object.entries(SIDES)) {
      progress(`starting ${name}`);
      sides[name] = await start();
    }
    report.machine_busy_before = compare({ ours: [await busyBeforeRun()] }, '%');
    progress(`${plan.rounds} rounds of ${Object.keys(sides).length} stacks`);
    for (const [name, samples] of Object.entries(await measureRequests(sides, plan))) {
      report[name] = compare(samples, UNITS[name] ?? 'us');
      report[`${name}_over_bare`] = compare(overBare(samples), 'times');
    }
    progress(`${plan.restSeconds} s at rest`);
    report.rest = compare(await measureRest(sides, plan.restSeconds), 'ms/s');
  } finally {
    for (const side of Object.values(sides)) side.down();
  }
  progress(`${plan.starts} starts of 3 stacks`);
  report.start = compare(await alternate(Object.keys(STARTS), plan.starts, (name) => STARTS[name]!()), 's');
  return report;
}

/** Ratio of each side to the bare stack in the same round. */
function overBare(samples: Readonly<Record<string, readonly number[]>>): Record<string, number[]> {
  const { bare = [] } = samples;
  return Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [name, values.map((value, i) => value / bare[i]!)]),
  );
}

// Without a handler a signal ends the process before its exit handlers remove the stacks.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
progress('providing the base images');
chooseBaseImages();
await setUpTestcontainers();
const report = await measure();
progress('done');
const json = `${JSON.stringify(report, null, 2)}\n`;
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, json);
process.stdout.write(options.json ? json : asText(report));
process.exit(0);
