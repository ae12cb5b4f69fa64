import { number } from '../../library/report/number.ts';
import { SIDES } from '../measure/cell.ts';
import type { Need } from './law.ts';
import type { CellReport, PrometheusReport } from './report.ts';

const KB_PER_MB = 1000;
const US_PER_S = 1e6;

/**
 * One row for each number of replicas; a cell has the value of each side, merged first. The last row is extrapolated by the law, which is
 * printed below the table.
 */
export function prometheusTable(report: PrometheusReport): string {
  const counts = [...new Set(report.cells.map(({ replicas }) => replicas))].sort((a, b) => a - b);
  const rows = counts.map((count) =>
    row(number(count), bySide(report.cells.filter(({ replicas }) => replicas === count)), CELLS),
  );
  const needs = bySide(report.needs);
  return [
    '| Replicas | Series | Memory, MB | Cores | Scrape (p99), ms |',
    '|---|---|---|---|---|',
    ...rows,
    row(`**${number(needs[0]!.replicas)}**`, needs, NEEDS),
    '',
    ...lawText(report),
  ].join('\n');
}

function bySide<T extends { readonly side: string }>(values: readonly T[]): T[] {
  return SIDES.flatMap((side) => values.filter((value) => value.side === side));
}

const CELLS: readonly Column<CellReport>[] = [
  both(({ figures }) => figures.series.median),
  both(({ figures }) => figures.residentMb.median),
  both(({ figures }) => figures.cores.median),
  (cells) =>
    `${both<CellReport>(({ figures }) => figures.scrapeMs.median)(cells)} (${both<CellReport>(({ figures }) => figures.scrapeP99Ms.median)(cells)})`,
];

const NEEDS: readonly Column<Need>[] = [
  both(({ series }) => series),
  both(({ memoryMb }) => memoryMb),
  both(({ cores }) => cores),
  () => '',
];

/** Text of a cell: the values of both sides. */
type Column<T> = (sides: readonly T[]) => string;

function both<T>(pick: (side: T) => number): Column<T> {
  return (sides) => sides.map((side) => rounded(pick(side))).join('/');
}

function row<T>(label: string, sides: readonly T[], columns: readonly Column<T>[]): string {
  return `| ${[label, ...columns.map((column) => column(sides))].join(' | ')} |`;
}

/** Text with three significant digits. */
function rounded(value: number): string {
  return number(Number(value.toPrecision(3)));
}

function lawText({ law: { memory, cpu }, needs }: PrometheusReport): string[] {
  const [samples, disk] = [
    ({ samplesPerSecond }: Need) => rounded(samplesPerSecond),
    ({ diskGbPerDay }: Need) => rounded(diskGbPerDay),
  ].map((text) => bySide(needs).map(text).join('/'));
  return [
    `Law: ${rounded(memory.intercept)} MB + ${rounded(memory.slope * KB_PER_MB)} kB per series (residual ${rounded(memory.residual)} MB);`,
    `${rounded(cpu.slope * US_PER_S)} us per sample (residual ${rounded(cpu.residual)} cores).`,
    `${number(needs[0]!.replicas)} replicas: ${samples} samples/s, ${disk} GB a day.`,
  ];
}

/** All figures with their ranges, for a terminal. */
export function asText(report: PrometheusReport): string {
  const lines = report.cells.flatMap(({ replicas, side, figures }) =>
    Object.entries(figures).map(
      ([name, { median, min, max, unit }]) =>
        `${String(replicas).padStart(6)} ${side.padEnd(10)} ${name.padEnd(24)} ${number(median)} (${number(min)}..${number(max)}) ${unit}`,
    ),
  );
  const needs = bySide(report.needs).map((need) => JSON.stringify(need));
  const verdict =
    report.failures.length === 0
      ? ['no scrape failed or was missed']
      : report.failures.map((failure) => `FAILED: ${failure}`);
  return `${[...lines, '', prometheusTable(report), '', ...needs, ...verdict].join('\n')}\n`;
}
