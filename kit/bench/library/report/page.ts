import { type Report, ratiosOf, sidesOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { PEERS } from '../sides.ts';
import { number } from './number.ts';
import { asMarkdown, lawOf } from './table.ts';
import { targetsAsMarkdown } from './targets.ts';

/** Time of a scrape by series and by processes. @throws where the report has none */
export function readmeFigures(report: Report): string {
  const rows = lawOf(report).map(({ processes, series, comparison }) => {
    const sides = ['ours', ...PEERS].map((side) => {
      const spread = sidesOf(comparison)[side];
      return spread === undefined ? 'gives up' : `${number(spread.median)} ${spread.unit}`;
    });
    return `| ${number(processes)} | ${number(series)} | ${sides.join(' | ')} |`;
  });
  if (rows.length === 0) throw new Error('the report has no scrape by series: run npm run bench -- law');
  return [
    '| Processes | Series | prom-multiproc | prom-client | @prometheus-io/client |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

export function benchFigures(report: Report, machine: string): string {
  return [
    machine,
    targetsAsMarkdown(report),
    'Median (least..greatest); **how many times ours** it takes; in the last column ours a second time, in processes of its own: ' +
      'what that differs from 1 by is noise.',
    asMarkdown(report),
    [law(report), ...limits(report)].join('\n\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function law(report: Report): string {
  const [series, process] = [median(report, 'cost_per_series'), median(report, 'cost_per_process')];
  if (series === undefined || process === undefined) return '';
  return (
    `**The law of cost.** With 8 processes each series more costs a scrape ${number(series)} ns; with 10,000 series each ` +
    `process more costs it ${number(process)} us, ${number((process * 1000) / 10_000)} ns a series.`
  );
}

function limits(report: Report): string[] {
  return Object.entries({
    limit_8x10000: '10,000 counters',
    limit_hist_8x1000: '1,000 histograms',
  }).flatMap(([name, what]) => {
    const comparison = report[name];
    if (comparison === undefined) return [];
    const { ours, bare_http: bare, additions, copy } = sidesOf(comparison) as Record<string, Spread>;
    const least = ratiosOf(comparison).bare_http!;
    return [
      `**The limit, 8 x ${what}.** One addition a cell costs ${number(additions!.median)} ms, one copy of the body ` +
        `${number(copy!.median)} ms, a server that sends the same number of bytes ready-made ${number(bare!.median)} ms. ` +
        `Ours takes ${number(ours!.median)} ms: ${number(1 / least)} times the ready-made answer, and ` +
        `${number(ours!.median - bare!.median - additions!.median - copy!.median)} ms above all three together.`,
    ];
  });
}

function median(report: Report, name: string): number | undefined {
  return (report[name]?.ours as Spread | undefined)?.median;
}
