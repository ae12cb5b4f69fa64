import { type Comparison, type Report, ratiosOf, sidesOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { PEERS } from '../sides.ts';
import { number } from './number.ts';

/** Measures by name, as the page tells them; those that are not here stand in the JSON only. */
const TOLD: readonly (readonly [name: string, text: string])[] = [
  ['scrape_http_8x10000', 'scrape over HTTP, 8 processes, 10,000 counters'],
  ['scrape_http_idle_8x10000', 'the same, nothing counted since the last one'],
  ['scrape_first_8x10000', 'the first one after the start'],
  ['primary_stall', 'event loop of the primary stands still meanwhile'],
  ['scrape_http_hist_8x1000', 'scrape, 8 processes, 1,000 histograms of 12 buckets'],
  ['scrape_first_hist_8x1000', 'the first one after the start'],
  ['inc_labels', '`inc({3 labels})`, the object kept from before'],
  ['inc_labels_fresh', '`inc({3 labels})`, object and texts made for each call'],
  ['inc_bound', '`inc()` of what `labels()` gave'],
  ['observe_labels', '`observe({3 labels}, value)`, 12 buckets, the object kept from before'],
  ['observe_labels_fresh', '`observe({3 labels}, value)`, object and texts made for each call'],
  ['observe_bound', '`observe()` of what `labels()` gave'],
  ['cpu_per_request', 'processor time of a request, Express with its middleware'],
  ['cpu_per_request_over_without', 'the same, without the middleware being 1'],
  ['bytes_per_series', 'memory of a counter where it is counted'],
  ['bytes_per_series_hist', 'memory of a histogram where it is counted'],
  ['bytes_per_series_reader', 'memory of a counter where it is read'],
  ['bytes_per_series_reader_hist', 'memory of a histogram where it is read'],
  ['kill_lost', 'lost when workers are killed'],
  ['kill_decreases', 'totals seen to fall meanwhile'],
  ['kill_failed_scrapes', 'scrapes that failed meanwhile'],
  ['cost_per_series', 'a scrape of 8 processes, for each series'],
  ['cost_per_process', 'a scrape of 10,000 series, for each process'],
];
const LAW = /^law_(\d+)x(\d+)$/;

/** One line a side, for a terminal. */
export function asText(report: Report): string {
  const lines = Object.entries(report).flatMap(([name, comparison]) => {
    const ratios = ratiosOf(comparison);
    return Object.entries(sidesOf(comparison)).map(([side, spread]) => {
      const ratio = ratios[side];
      const times = typeof ratio === 'number' ? `, ${number(ratio)} times` : '';
      return `${name.padEnd(30)} ${side.padEnd(22)} ${shown(spread)}${times}`;
    });
  });
  return `${lines.join('\n')}\n`;
}

/** A row a measure, for the page: each side, how many times ours the peers take, and ours beside ours. */
export function asMarkdown(report: Report): string {
  const law = lawOf(report).map(
    ({ name, processes, series }) =>
      [name, `scrape, ${processes} processes, ${number(series)} counters`] as const,
  );
  const rows = [...TOLD, ...law].flatMap(([name, text]) => {
    const comparison = report[name];
    return comparison === undefined ? [] : [row(text, name, comparison)];
  });
  return [
    '| | ours | prom-client 15.1.3 | @prometheus-io/client 0.16.1 | ours again |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

export interface LawPoint {
  readonly name: string;
  readonly processes: number;
  readonly series: number;
  readonly comparison: Comparison;
}

/** Scrapes by the number of processes and of series. */
export function lawOf(report: Report): LawPoint[] {
  return Object.entries(report).flatMap(([name, comparison]) => {
    const [, processes, series] = LAW.exec(name) ?? [];
    return processes === undefined
      ? []
      : [{ name, processes: Number(processes), series: Number(series), comparison }];
  });
}

function row(text: string, name: string, comparison: Comparison): string {
  const sides = sidesOf(comparison);
  const ratios = ratiosOf(comparison);
  const peers = PEERS.map((peer) => {
    const spread = sides[peer];
    if (spread === undefined) return LAW.test(name) ? 'gives up' : '';
    const ratio = ratios[peer];
    return shown(spread) + (typeof ratio === 'number' ? `: **${number(ratio)}x**` : '');
  });
  const again = ratios.ours_again;
  const band = typeof again === 'number' ? `${number(again)}x` : '';
  return `| ${text} (\`${name}\`) | ${shown(sides.ours!)} | ${peers.join(' | ')} | ${band} |`;
}

function shown({ median, min, max, unit }: Spread): string {
  const range = min === max ? '' : ` (${number(min)}..${number(max)})`;
  return `${number(median)}${range} ${unit}`;
}
