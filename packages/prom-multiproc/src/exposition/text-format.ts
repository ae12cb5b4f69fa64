import type { Exemplar } from '../format/exemplar-record.ts';
import { exportedLabel } from '../format/gauge-aggregators.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';
import { escapeHelp, type Label, labelText } from '../merge/label-text.ts';
import type { SeriesTable } from '../merge/series-table.ts';
import { isTimestamp } from '../util/protobuf-writer.ts';
import type { TextWriter } from '../util/text-writer.ts';
import { OpenHead } from './clashing-names.ts';
import { exemplarsOf } from './exemplar-rows.ts';
import { templatesOf, uniformTemplates } from './family-templates.ts';
import { LineTemplate } from './line-template.ts';
import { counterName, type Head, openCounter, type PageFormat } from './page-format.ts';
import { rowsOf, type SeriesRows } from './series-rows.ts';

/** Writes one family, HELP and TYPE first, without a final line feed, in prom-client's layout. */
export function writeTextFamily(out: TextWriter, family: Family, format: PageFormat): void {
  const { name, type } = headOf(family, format);
  out.string(`# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${type}`);
  if (family.showsEachSlot) renderBySlot(out, family);
  else if (family.boundSets.length > 1) renderGroups(out, family, format);
  else if (family.boundSets.length === 1) renderUniform(out, family, format);
}

const openHeads = new WeakMap<Family, { readonly addsTotal: boolean; readonly head: OpenHead }>();

/** The name and type in OpenMetrics. */
export function openHead(family: Family, format: PageFormat): OpenHead {
  const known = openHeads.get(family);
  if (known?.addsTotal === format.addsTotal) return known.head;
  const { name, type } = family;
  const head = new OpenHead(type === 'counter' ? openCounter(counterName(name, format)) : { name, type });
  openHeads.set(family, { addsTotal: format.addsTotal, head });
  return head;
}

function headOf(family: Family, format: PageFormat): Head {
  if (format.syntax === 'openmetrics') return openHead(family, format);
  return family.type === 'counter' ? { name: counterName(family.name, format), type: 'counter' } : family;
}

/** Renders a family whose series have the same bounds. */
function renderUniform(out: TextWriter, family: Family, format: PageFormat): void {
  const { table, type, series } = family;
  const templates = uniformTemplates(family, format);
  if (format.syntax === 'openmetrics' && (family.hasExemplars || format.created)) {
    for (let i = 0; i < series.length; i++) renderOpen(out, family, [series.array[i]!], templates, format);
    return;
  }
  if (type === 'counter') {
    renderCounters(out, family, templates[0]!);
    return;
  }
  for (let i = 0; i < series.length; i++) {
    const one = series.array[i]!;
    if (type === 'histogram') renderBuckets(out, table, one, templates);
    else renderRows(out, table, one, templates, rowsOf(family, [one]));
  }
}

/** Renders a family whose series have different bounds. */
function renderGroups(out: TextWriter, family: Family, format: PageFormat): void {
  for (const group of family.groups()) {
    const rows = rowsOf(family, group);
    if (rows === undefined) continue;
    const templates = templatesOf(family, rows.bounds, format);
    if (format.syntax === 'openmetrics') renderOpen(out, family, group, templates, format);
    else renderRows(out, family.table, group[0]!, templates, rows);
  }
}

/** As `renderRows`, with exemplars and start times, which only OpenMetrics has. */
function renderOpen(
  out: TextWriter,
  family: Family,
  group: readonly number[],
  templates: readonly LineTemplate[],
  format: PageFormat,
): void {
  const rows = rowsOf(family, group);
  if (rows === undefined) return;
  const { name, type } = headOf(family, format);
  // Not allowed: https://prometheus.io/docs/specs/om/open_metrics_spec/#unknown
  const isUnknown = type === 'unknown';
  const exemplars = isUnknown ? undefined : exemplarsOf(family, group, rows.bounds);
  rows.values.forEach((value, i) => {
    renderLine(out, family.table, group[0]!, templates[i]!, value);
    const exemplar = exemplars?.[i];
    if (exemplar !== undefined) renderExemplar(out, exemplar);
  });
  if (!format.created || !isTimestamp(rows.start) || isUnknown) return;
  renderLine(out, family.table, group[0]!, new LineTemplate(`${name}_created`), rows.start);
}

function renderExemplar(out: TextWriter, { labels, value, timestamp }: Exemplar): void {
  out.string(` # {${labelText(labels)}} `);
  out.number(value);
  out.string(` ${timestamp}`);
}

/** Renders one line for each slot that has the series. */
function renderBySlot(out: TextWriter, family: Family): void {
  for (const [one] of family.groups()) {
    const own = family.table.labels(one!).map(([name, value]): Label => [exportedLabel(name, family), value]);
    for (const { slot, value } of family.table.valuesBySlot(one!)) {
      new LineTemplate(family.name, [...own, ['worker', String(slot)]]).writeBare(out, value);
    }
  }
}

function renderCounters(out: TextWriter, { table, series }: Family, template: LineTemplate): void {
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
function renderBuckets(
  out: TextWriter,
  table: SeriesTable,
  series: number,
  templates: readonly LineTemplate[],
): void {
  const { totals } = table;
  const base = table.bases.array[series]!;
  const sum = totals[base]!;
  if (Number.isNaN(sum)) return;
  const buckets = templates.length - 2;
  let count = 0;
  for (let i = 0; i < buckets; i++) {
    count += totals[base + CELL_OF_BUCKETS + i]!;
    renderLine(out, table, series, templates[i]!, count);
  }
  renderLine(out, table, series, templates[buckets]!, sum);
  renderLine(out, table, series, templates[buckets + 1]!, count);
}

function renderRows(
  out: TextWriter,
  table: SeriesTable,
  series: number,
  templates: readonly LineTemplate[],
  rows: SeriesRows | undefined,
): void {
  rows?.values.forEach((value, i) => {
    renderLine(out, table, series, templates[i]!, value);
  });
}

function renderLine(
  out: TextWriter,
  table: SeriesTable,
  series: number,
  template: LineTemplate,
  value: number,
): void {
  template.write(out, table.textView, table.textStart(series), table.textEnd(series), value);
}
