import { exportedLabel } from '../format/gauge-aggregators.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';
import { escapeHelp, type Label } from '../merge/label-text.ts';
import type { SeriesTable } from '../merge/series-table.ts';
import { TextWriter } from '../util/text-writer.ts';
import { templatesOf, uniformTemplates } from './family-templates.ts';
import { LineTemplate } from './line-template.ts';
import { rowsOf, type SeriesRows } from './series-rows.ts';

/** The text format of a registry. */
export interface TextOptions {
  readonly openMetrics: boolean;
}

const out = new TextWriter();

/** Renders a page in UTF-8. `blocks` are metrics, or the text of a metric without a final line feed. */
export function renderPage(blocks: Iterable<Family | string>, options: TextOptions): Buffer {
  const { openMetrics } = options;
  // Discards the rest of a page whose rendering threw.
  out.clear();
  let separator = '';
  for (const block of blocks) {
    out.string(separator);
    if (typeof block === 'string') out.string(block);
    else writeFamily(block, options);
    separator = openMetrics ? '\n' : '\n\n';
  }
  out.string(openMetrics ? '\n# EOF\n' : '\n');
  return out.takeBytes();
}

/** Lets the next page use the memory of a page that is not needed any more. */
export function reusePage(page: Buffer): void {
  out.reuse(page);
}

/** Renders one family, HELP and TYPE first, without a final line feed, in prom-client's layout. */
export function renderFamily(family: Family, options: TextOptions): string {
  out.clear();
  writeFamily(family, options);
  return out.take();
}

function writeFamily(family: Family, options: TextOptions): void {
  const { type } = family;
  const name = options.openMetrics && type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  out.string(`# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${type}`);
  if (family.showsEachSlot) renderBySlot(family);
  else if (family.boundSets.length > 1) renderGroups(family, options);
  else if (family.boundSets.length === 1) renderUniform(family, options);
}

/** Renders a family whose series have the same bounds. */
function renderUniform(family: Family, { openMetrics }: TextOptions): void {
  const { table, type, series } = family;
  const templates = uniformTemplates(family, openMetrics);
  if (type === 'counter') {
    renderCounters(family, templates[0]!);
    return;
  }
  for (let i = 0; i < series.length; i++) {
    const one = series.array[i]!;
    if (type === 'histogram') renderBuckets(table, one, templates);
    else renderRows(table, one, templates, rowsOf(family, [one]));
  }
}

/** Renders a family whose series have different bounds. */
function renderGroups(family: Family, { openMetrics }: TextOptions): void {
  for (const group of family.groups()) {
    const rows = rowsOf(family, group);
    if (rows === undefined) continue;
    renderRows(family.table, group[0]!, templatesOf(family, rows.bounds, openMetrics), rows);
  }
}

/** Renders one line for each slot that has the series. */
function renderBySlot(family: Family): void {
  for (const [one] of family.groups()) {
    const own = family.table.labels(one!).map(([name, value]): Label => [exportedLabel(name), value]);
    for (const { slot, value } of family.table.valuesBySlot(one!)) {
      new LineTemplate(family.name, [...own, ['worker', String(slot)]]).writeBare(out, value);
    }
  }
}

function renderCounters({ table, series }: Family, template: LineTemplate): void {
  const { totals, textView } = table;
  const bases = table.bases.array;
  const ends = table.textEnds.array;
  const all = series.array;
  const count = series.length;
  for (let i = 0; i < count; i++) {
    const one = all[i]!;
    const value = totals[bases[one]!]!;
    if (!Number.isNaN(value))
      template.write(out, textView, one === 0 ? 0 : ends[one - 1]!, ends[one]!, value);
  }
}

/** Renders cumulative counts by ascending bound, +Inf last, then sum and count. */
function renderBuckets(table: SeriesTable, series: number, templates: readonly LineTemplate[]): void {
  const { totals } = table;
  const base = table.bases.array[series]!;
  const sum = totals[base]!;
  if (Number.isNaN(sum)) return;
  const buckets = templates.length - 2;
  let count = 0;
  for (let i = 0; i < buckets; i++) {
    count += totals[base + CELL_OF_BUCKETS + i]!;
    renderLine(table, series, templates[i]!, count);
  }
  renderLine(table, series, templates[buckets]!, sum);
  renderLine(table, series, templates[buckets + 1]!, count);
}

function renderRows(
  table: SeriesTable,
  series: number,
  templates: readonly LineTemplate[],
  rows: SeriesRows | undefined,
): void {
  rows?.values.forEach((value, i) => {
    renderLine(table, series, templates[i]!, value);
  });
}

function renderLine(table: SeriesTable, series: number, template: LineTemplate, value: number): void {
  template.write(out, table.textView, table.textStart(series), table.textEnd(series), value);
}
