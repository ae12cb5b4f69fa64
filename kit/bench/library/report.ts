/** `node kit/bench/library/report.ts [FILE]` writes the figures of `npm run bench` into docs/explanation/bench.md and README.md. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { BENCH_PAGE, BENCH_SCRIPT, README } from '../files.ts';
import { BUSY_PERCENT, processors } from '../machine.ts';
import { type Report, sidesOf } from '../stats/comparison.ts';
import { withFigures } from '../stats/page-figures.ts';
import { figuresFile } from './options.ts';
import { benchFigures, readmeFigures } from './report/page.ts';

const file = figuresFile(process.argv.slice(2));
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const measuredOn = statSync(file).mtime.toISOString().slice(0, 10);
const before = report.machine_busy_before && sidesOf(report.machine_busy_before).ours?.median;
const noise = (before ?? 0) > BUSY_PERCENT ? ': **the figures include other load**' : '';
const busy = before === undefined ? '' : ` ${before.toFixed(0)} % busy before the run${noise}.`;
const machine = `Node ${process.versions.node}, ${processors()}, ${measuredOn}.${busy}`;
writeFileSync(README, withFigures(readFileSync(README, 'utf8'), BENCH_SCRIPT, readmeFigures(report)));
writeFileSync(
  BENCH_PAGE,
  withFigures(readFileSync(BENCH_PAGE, 'utf8'), BENCH_SCRIPT, benchFigures(report, machine)),
);
