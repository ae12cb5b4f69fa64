/** `node bench/report.ts [FILE]`: puts the figures of `npm run bench` into docs/bench.md, and draws docs/bench.svg. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import { type Report, sidesOf } from './comparison.ts';
import { withFigures } from './report/page.ts';
import { plot } from './report/plot.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PAGE = resolve(ROOT, 'docs/bench.md');
const PLOT = resolve(ROOT, 'docs/bench.svg');

const file = process.argv[2] ?? resolve(ROOT, 'reports/bench.json');
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const when = statSync(file).mtime.toISOString().slice(0, 10);
const load = report.machine_load && sidesOf(report.machine_load).ours?.median;
const busy =
  load === undefined
    ? ''
    : ` Load of the machine before: ${load.toFixed(1)}${load > 0.5 ? '. **It was busy: these figures are noise**' : ''}.`;
const machine = `Node ${process.versions.node}, ${availableParallelism()} processors (${cpus()[0]!.model.trim()}), ${when}.${busy}`;
writeFileSync(PLOT, plot(report));
writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), report, machine));
