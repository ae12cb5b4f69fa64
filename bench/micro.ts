/**
 * Counting, ours beside prom-client: alternating processes, medians and spread. `node bench/micro.ts [--json] [CASE...]`.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const CASES = ['inc_labels', 'inc_labels_fresh', 'inc_bound', 'observe_labels', 'observe_bound'];
const SIDES = ['ours', 'prom-client'] as const;
const ALTERNATIONS = 5;

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

function measure(name: string, side: string): number {
  const program = join(import.meta.dirname, 'micro-case.ts');
  return Number(execFileSync(process.execPath, [program, name, side], { encoding: 'utf8' }));
}

function spread(values: number[], unit: string): Spread {
  values.sort((a, b) => a - b);
  return { median: values[Math.floor(values.length / 2)]!, min: values[0]!, max: values.at(-1)!, unit };
}

const given = process.argv.slice(2);
const json = given.includes('--json');
const wanted = given.filter((name) => CASES.includes(name));
const report: Record<string, unknown> = {};
for (const name of wanted.length > 0 ? wanted : CASES) {
  const values: Record<string, number[]> = { ours: [], 'prom-client': [] };
  for (let i = 0; i < ALTERNATIONS; i++) {
    for (const side of SIDES) {
      values[side]!.push(measure(name, side));
      process.stderr.write('.');
    }
  }
  const [ours, peer] = SIDES.map((side) => spread(values[side]!, 'ns')) as [Spread, Spread];
  const ratio = ours.median / peer.median;
  report[name] = { ours, 'prom-client': peer, ratio: { 'prom-client': ratio } };
  const show = ({ median, min, max }: Spread) =>
    `${median.toFixed(1)} ns (${min.toFixed(1)}..${max.toFixed(1)})`;
  if (!json)
    console.log(`\r${name.padEnd(18)} ours ${show(ours)}, prom-client ${show(peer)}: ${ratio.toFixed(3)}x`);
}
if (json) console.log(JSON.stringify(report, null, 2));
