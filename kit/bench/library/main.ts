/**
 * `npm run bench -- [--quick] [--json] [--out FILE] [GROUP...]` measures prom-multiproc and its peers in one run. Writes the figures
 * as JSON to FILE (default `reports/bench.json`) and prints them as a table, with --json as JSON.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { busyBeforeRun } from '../machine.ts';
import { compare, type Report } from '../stats/comparison.ts';
import { measureCounting } from './measures/counting.ts';
import { measureFormats } from './measures/formats.ts';
import { measureKills } from './measures/kills.ts';
import { measureLaw } from './measures/law.ts';
import { measureMemory } from './measures/memory.ts';
import { measureRequests } from './measures/requests.ts';
import { measureScraping } from './measures/scraping.ts';
import { benchOptions } from './options.ts';
import { DEFAULT, type Plan, QUICK } from './plan.ts';
import { asText } from './report/table.ts';

const GROUPS: Readonly<Record<string, (plan: Plan) => Promise<Report>>> = {
  counting: measureCounting,
  scraping: measureScraping,
  formats: measureFormats,
  law: measureLaw,
  memory: measureMemory,
  requests: measureRequests,
  kills: measureKills,
};

const options = benchOptions(process.argv.slice(2));
const plan = options.quick ? QUICK : DEFAULT;
const groups = options.groups.length > 0 ? options.groups : Object.keys(GROUPS);
const unknown = groups.find((group) => GROUPS[group] === undefined);
if (unknown !== undefined)
  throw new Error(`unknown group ${unknown}; the groups are ${Object.keys(GROUPS).join(', ')}`);

const began = performance.now();
const busy = await busyBeforeRun();
let report: Report = { machine_busy_before: compare({ ours: [busy] }, '%') };
for (const group of groups) {
  const since = performance.now();
  report = { ...report, ...(await GROUPS[group]!(plan)) };
  process.stderr.write(`${group}: ${seconds(since)} s\n`);
}
process.stderr.write(`total: ${seconds(began)} s\n`);
const json = `${JSON.stringify(report, null, 2)}\n`;
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, json);
process.stdout.write(options.json ? json : asText(report));

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
