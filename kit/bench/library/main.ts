/**
 * `npm run bench -- [--quick] [--json] [--out FILE] [GROUP...]`: ours beside the peers in one run. Writes the figures as JSON
 * to FILE, `reports/bench.json` by default, and shows them as a table, or with --json as JSON.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUSY_PERCENT, busyPercent } from '../machine.ts';
import { compare, type Report } from '../stats/comparison.ts';
import { measureCounting } from './measures/counting.ts';
import { measureKills } from './measures/kills.ts';
import { measureLaw } from './measures/law.ts';
import { measureMemory } from './measures/memory.ts';
import { measureRequests } from './measures/requests.ts';
import { measureScraping } from './measures/scraping.ts';
import { DEFAULT, type Plan, QUICK } from './plan.ts';
import { asText } from './report/table.ts';

const GROUPS: Readonly<Record<string, (plan: Plan) => Promise<Report>>> = {
  counting: measureCounting,
  scraping: measureScraping,
  law: measureLaw,
  memory: measureMemory,
  requests: measureRequests,
  kills: measureKills,
};

const BEFORE_MS = 3000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string', default: resolve(import.meta.dirname, '../reports/bench.json') },
  },
});
const plan = values.quick ? QUICK : DEFAULT;
const wanted = positionals.length > 0 ? positionals : Object.keys(GROUPS);
const unknown = wanted.find((group) => GROUPS[group] === undefined);
if (unknown !== undefined)
  throw new Error(`no group ${unknown}; there are ${Object.keys(GROUPS).join(', ')}`);

const began = performance.now();
/** What others do on the machine makes every figure noise. */
const busy = await busyPercent(BEFORE_MS);
if (busy > BUSY_PERCENT)
  process.stderr.write(`the machine is ${busy.toFixed(0)} % busy already: the figures will be noise\n`);
let report: Report = { machine_busy_before: compare({ ours: [busy] }, '%') };
for (const group of wanted) {
  const since = performance.now();
  report = { ...report, ...(await GROUPS[group]!(plan)) };
  process.stderr.write(`${group}: ${seconds(since)} s\n`);
}
process.stderr.write(`all: ${seconds(began)} s\n`);
const json = `${JSON.stringify(report, null, 2)}\n`;
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, json);
process.stdout.write(values.json ? json : asText(report));

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
