/** `node kit/bench/prometheus/write-page.ts [FILE]` writes the figures of `npm run bench -- prometheus` into docs/explanation/load.md. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { LOAD_PAGE, PROMETHEUS_JSON, PROMETHEUS_SCRIPT } from '../files.ts';
import { processors } from '../machine.ts';
import { withFigures } from '../stats/page-figures.ts';
import type { PrometheusReport } from './report/report.ts';
import { prometheusTable } from './report/table.ts';

const [file = PROMETHEUS_JSON] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, 'utf8')) as PrometheusReport;
const day = statSync(file).mtime.toISOString().slice(0, 10);
const machine = `${processors()}, ${day}.`;
const figures = `${machine}\n\n${prometheusTable(report)}`;
writeFileSync(LOAD_PAGE, withFigures(readFileSync(LOAD_PAGE, 'utf8'), PROMETHEUS_SCRIPT, figures));
