import { type Report, sidesOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { PEERS } from '../sides.ts';
import { number } from './number.ts';
import { asMarkdown, controlRange, lawOf } from './table.ts';

/** Median time of a scrape by processes and series. @throws Error if the report has none */
export function readmeFigures(report: Report): string {
  const rows = lawOf(report).map(({ processes, series, comparison }) => {
    const sides = ['ours', ...PEERS].map((side) => {
      const spread = sidesOf(comparison)[side];
      return spread === undefined ? 'timed out' : `${number(spread.median)} ${spread.unit}`;
    });
    return `| ${number(processes)} | ${number(series)} | ${sides.join(' | ')} |`;
  });
  if (rows.length === 0)
    throw new Error('the report has no scrapes by processes and series; run `npm run bench -- law`');
  return [
    '| Processes | Series | prom-multiproc | prom-client | @prometheus-io/client |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

export function benchFigures(report: Report, machine: string): string {
  const text = [law(report), control(report)].filter((sentence) => sentence !== '').join('\n');
  return [machine, asMarkdown(report), text].filter((part) => part !== '').join('\n\n');
}

function law(report: Report): string {
  const [series, process] = [median(report, 'cost_per_series'), median(report, 'cost_per_process')];
  if (series === undefined || process === undefined) return '';
  return (
    `With 8 processes, each additional series costs a scrape ${number(series)} ns. ` +
    `With 10,000 series, each additional process costs ${number(process)} us.`
  );
}

function control(report: Report): string {
  const range = controlRange(report);
  if (range === undefined) return '';
  return `The control, prom-multiproc again, took ${number(range.least)} to ${number(range.greatest)} times as much.`;
}

function median(report: Report, name: string): number | undefined {
  return (report[name]?.ours as Spread | undefined)?.median;
}
