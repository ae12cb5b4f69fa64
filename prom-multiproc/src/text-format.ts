import type { Family, MergedSeries } from './family.ts';
import { aggregateGauge, besideWorker } from './gauge-aggregators.ts';

type Label = readonly [name: string, value: string];

/** How a registry wants its text: prom-client's settings of it. */
export interface TextOptions {
  readonly openMetrics: boolean;
  readonly defaultLabels: Readonly<Record<string, string | number>>;
}

/** One text of the blocks of all metrics: prom-client's own layout. */
export function joinBlocks(blocks: readonly string[], { openMetrics }: TextOptions): string {
  return openMetrics ? `${blocks.join('\n')}\n# EOF\n` : `${blocks.join('\n\n')}\n`;
}

/** The lines of one family, HELP and TYPE first, without a last line feed: prom-client's own layout. */
export function renderFamily(family: Family, totals: Float64Array, options: TextOptions): string {
  const counter = options.openMetrics && family.type === 'counter';
  const name = counter ? family.name.replace(/_total$/, '') : family.name;
  const lines = [`# HELP ${name} ${escapeText(family.help)}`, `# TYPE ${name} ${family.type}`];
  if (family.type === 'gauge') renderGauge(family, options, lines);
  else for (const series of family.series.values()) renderTotals(family, series, totals, options, lines);
  return lines.join('\n');
}

function renderGauge(family: Family, options: TextOptions, lines: string[]): void {
  if (family.aggregator === 'omit') return;
  for (const series of family.series.values()) {
    const values = series.gaugeValues;
    if (values.length === 0) continue;
    if (family.aggregator === 'all') {
      for (const { slot, value } of values) {
        const own = series.labels.map(([name, value]) => [besideWorker(name), value] as const);
        const labels: Label[] = [...own, ['worker', String(slot)]];
        const text = labelText([...labels, ...defaultsBeside(labels, options)]);
        lines.push(`${family.name}${text} ${formatValue(value)}`);
      }
    } else {
      const { labels } = series;
      series.prefixes ??= [`${family.name}${labelText([...labels, ...defaultsBeside(labels, options)])} `];
      lines.push(series.prefixes[0] + formatValue(aggregateGauge(family.aggregator, values)));
    }
  }
}

function renderTotals(
  family: Family,
  series: MergedSeries,
  totals: Float64Array,
  options: TextOptions,
  lines: string[],
): void {
  if (family.type === 'counter') {
    const value = totals[series.parts[0]!.base]!;
    if (Number.isNaN(value)) return;
    series.prefixes ??= makePrefixes(family, series, options).map(inOnePiece);
    lines.push(series.prefixes[0]! + formatValue(value));
    return;
  }
  const values = totalsOf(family, series, totals);
  if (values === undefined) return;
  series.prefixes ??= makePrefixes(family, series, options).map(inOnePiece);
  for (let i = 0; i < values.length; i++) lines.push(series.prefixes[i]! + formatValue(values[i]!));
}

/** The values of a series in the order of its lines; undefined where no slot has it. */
export function totalsOf(family: Family, series: MergedSeries, totals: Float64Array): number[] | undefined {
  const present = series.parts.filter(({ base }) => !Number.isNaN(totals[base]!));
  const [part] = present;
  if (part === undefined) return undefined;
  const { base } = part;
  if (family.type === 'counter') return [totals[base]!];
  if (family.type === 'summary') return summaryLines(present, totals);
  return series.parts.length === 1 ? bucketLines(part, totals) : unionLines(series, present, totals);
}

/** Quantiles where there are any, those of the latest definition, then sum and count. */
function summaryLines(present: MergedSeries['parts'], totals: Float64Array): number[] {
  const { bounds, base } = present.at(-1)!;
  const quantiles = bounds.map((_, i) => totals[base + 2 + i]!);
  const total = (offset: number): number =>
    present.reduce((sum, part) => sum + totals[part.base + offset]!, 0);
  return [...quantiles, total(0), total(1)];
}

/** Cumulative counts by ascending bound, +Inf last, then sum and count. */
function bucketLines({ bounds, base }: MergedSeries['parts'][number], totals: Float64Array): number[] {
  const lines = new Array<number>(bounds.length + 3);
  let count = 0;
  for (let i = 0; i <= bounds.length; i++) {
    count += totals[base + 1 + i]!;
    lines[i] = count;
  }
  lines[bounds.length + 1] = totals[base]!;
  lines[bounds.length + 2] = count;
  return lines;
}

/** The same for slots that use different bounds: over the union of all bounds, which stays monotonic. */
function unionLines(series: MergedSeries, present: MergedSeries['parts'], totals: Float64Array): number[] {
  const counts = new Map<number, number>();
  let sum = 0;
  for (const { bounds, base } of present) {
    sum += totals[base]!;
    for (let i = 0; i <= bounds.length; i++) {
      const bound = bounds[i] ?? Infinity;
      counts.set(bound, (counts.get(bound) ?? 0) + totals[base + 1 + i]!);
    }
  }
  let count = 0;
  const cumulative = unionOfBounds(series).map((bound) => {
    count += counts.get(bound) ?? 0;
    return count;
  });
  return [...cumulative, sum, count];
}

export function unionOfBounds(series: Pick<MergedSeries, 'parts'>): number[] {
  const bounds = new Set(series.parts.flatMap((part) => part.bounds));
  return [...bounds].sort((a, b) => a - b).concat(Infinity);
}

function makePrefixes({ name, type }: Family, series: MergedSeries, options: TextOptions): string[] {
  const { labels } = series;
  const added = defaultsBeside(labels, options);
  if (type === 'counter') {
    const suffix = options.openMetrics && !name.endsWith('_total') ? '_total' : '';
    return [`${name}${suffix}${labelText([...labels, ...added])} `];
  }
  if (type === 'summary') {
    const quantiles = (series.parts.at(-1)?.bounds ?? []).map((quantile) => {
      return `${name}${labelText([['quantile', formatValue(quantile)], ...labels, ...added])} `;
    });
    return [...quantiles, ...sumAndCount(name, [...labels, ...added])];
  }
  const buckets = unionOfBounds(series).map((bound) => {
    return `${name}_bucket${labelText([['le', formatValue(bound)], ...added, ...labels])} `;
  });
  return [...buckets, ...sumAndCount(name, [...added, ...labels])];
}

function sumAndCount(name: string, labels: readonly Label[]): string[] {
  const text = labelText(labels);
  return [`${name}_sum${text} `, `${name}_count${text} `];
}

function defaultsBeside(labels: readonly Label[], { defaultLabels }: TextOptions): Label[] {
  const added: Label[] = [];
  for (const name in defaultLabels) {
    if (labels.every(([own]) => own !== name)) added.push([name, String(defaultLabels[name])]);
  }
  return added;
}

function labelText(labels: readonly Label[]): string {
  let text = '';
  for (const [name, value] of labels) text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`;
  return text === '' ? '' : `{${text}}`;
}

/** A string that was put together stays a tree of its pieces, at several times the memory, until it is written out. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
}

const ESCAPED = /[\\\n"]/;

function escapeLabelValue(value: string): string {
  return ESCAPED.test(value) ? escapeText(value).replaceAll('"', '\\"') : value;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Number.isNaN(value) ? 'Nan' : `${value}`;
}
