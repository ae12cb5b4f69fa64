/** `node kit/bench/library/report.ts [FILE]`: puts the figures of `npm run bench` into docs/explanation/bench.md and README.md. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import { BUSY_PERCENT } from '../machine.ts';
import { type Report, sidesOf } from '../stats/comparison.ts';
import { withFigures } from '../stats/page-figures.ts';
import { benchFigures, readmeFigures } from './report/page.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGE = resolve(ROOT, 'docs/explanation/bench.md');
/** The pages name it. */
const SCRIPT = 'kit/bench/library/report.ts';
const README = resolve(ROOT, 'README.md');

const file = process.argv[2] ?? resolve(ROOT, 'reports/bench.json');
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const when = statSync(file).mtime.toISOString().slice(0, 10);
const before = report.machine_busy_before && sidesOf(report.machine_busy_before).ours?.median;
const noise = (before ?? 0) > BUSY_PERCENT ? ': **what else it did is in the figures**' : '';
const busy = before === undefined ? '' : ` Before the run it was ${before.toFixed(0)} % busy${noise}.`;
const machine = `Node ${process.versions.node}, ${availableParallelism()} processors (${cpus()[0]!.model.trim()}), ${when}.${busy}`;
writeFileSync(README, withFigures(readFileSync(README, 'utf8'), SCRIPT, readmeFigures(report)));
writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), SCRIPT, benchFigures(report, machine)));
