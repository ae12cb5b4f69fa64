import { type Comparison, type Report, ratiosOf, sidesOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { PEERS } from '../sides.ts';
import { number } from './number.ts';
import { targetCell } from './targets.ts';

/** Rows of the page. Measures that are not listed are in the JSON only. */
const ROWS: readonly (readonly [name: string, label: string])[] = [
  ['scrape_http_8x10000', 'scrape, 10,000 counters'],
  ['scrape_first_8x10000', 'first scrape, 10,000 counters'],
  ['scrape_ahead_8x10000', 'the same after 2 s'],
  ['primary_stall', 'event-loop stall, 10,000 counters'],
  ['scrape_http_hist_8x1000', 'scrape, 1,000 histograms'],
  ['scrape_first_hist_8x1000', 'first scrape, 1,000 histograms'],
  ['inc_labels', '`inc(labels)`'],
  ['inc_labels_fresh', '`inc({...})`'],
  ['inc_bound', '`child.inc()`'],
  ['inc_child', '`labels(...).inc()`'],
  ['observe_labels', '`observe(labels)`'],
  ['observe_labels_fresh', '`observe({...})`'],
  ['observe_bound', '`child.observe()`'],
  ['observe_child', '`labels(...).observe()`'],
  ['set_child', '`labels(...).set()`'],
  ['cpu_per_request_over_without', 'request, relative to no metrics'],
  ['bytes_per_series', 'memory of a counter'],
  ['bytes_per_series_hist', 'memory of a histogram'],
  ['kill_lost', 'increments lost'],
  ['kill_decreases', 'decreases seen'],
];
const LAW = /^law_(\d+)x(\d+)$/;

/** One line for each side of each measure, for a terminal. */
export function asText(report: Report): string {
  const lines = Object.entries(report).flatMap(([name, comparison]) => {
    const ratios = ratiosOf(comparison);
    return Object.entries(sidesOf(comparison)).map(([side, spread]) => {
      const ratio = ratios[side];
      const times = typeof ratio === 'number' ? `, ${number(ratio)} times` : '';
      return `${name.padEnd(30)} ${side.padEnd(22)} ${withRange(spread)}${times}`;
    });
  });
  return `${lines.join('\n')}\n`;
}

/** One row for each measure: the median of each side, how many times as much a peer takes, and the targets. */
export function asMarkdown(report: Report): string {
  const rows = shownOf(report).map(({ name, label, comparison }) =>
    row(label, comparison, targetCell(report, name)),
  );
  return [
    '| Median | prom-multiproc | prom-client | @prometheus-io/client | Target held |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Least and greatest ratio of the control run to the first run, over the rows of the page; undefined without a control. */
export function controlRange(report: Report): { least: number; greatest: number } | undefined {
  const ratios = shownOf(report).flatMap(({ comparison }) => ratiosOf(comparison).ours_again ?? []);
  return ratios.length === 0 ? undefined : { least: Math.min(...ratios), greatest: Math.max(...ratios) };
}

interface Shown {
  readonly name: string;
  readonly label: string;
  readonly comparison: Comparison;
}

function shownOf(report: Report): Shown[] {
  return ROWS.flatMap(([name, label]) => {
    const comparison = report[name];
    return comparison === undefined ? [] : [{ name, label, comparison }];
  });
}

export interface LawPoint {
  readonly processes: number;
  readonly series: number;
  readonly comparison: Comparison;
}

/** Scrapes by number of processes and of series. */
export function lawOf(report: Report): LawPoint[] {
  return Object.entries(report).flatMap(([name, comparison]) => {
    const [, processes, series] = LAW.exec(name) ?? [];
    return processes === undefined
      ? []
      : [{ processes: Number(processes), series: Number(series), comparison }];
  });
}

function row(label: string, comparison: Comparison, target: string): string {
  const sides = sidesOf(comparison);
  const ratios = ratiosOf(comparison);
  const peers = PEERS.map((peer) => {
    const spread = sides[peer];
    if (spread === undefined) return '';
    const ratio = ratios[peer];
    return withUnit(spread) + (typeof ratio === 'number' ? ` (${number(ratio)}x)` : '');
  });
  return `| ${label} | ${withUnit(sides.ours!)} | ${peers.join(' | ')} | ${target} |`;
}

/** A count needs no unit: its label names it. */
function withUnit({ median, unit }: Spread): string {
  const shown = ['ms', 'us', 'ns', 'bytes'].includes(unit) ? ` ${unit}` : '';
  return number(median) + shown;
}

function withRange({ median, min, max, unit }: Spread): string {
  const range = min === max ? '' : ` (${number(min)}..${number(max)})`;
  return `${number(median)}${range} ${unit}`;
}
