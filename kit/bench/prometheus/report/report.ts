import { type Spread, spread } from '../../stats/spread.ts';
import type { Cell, CellFigures, Side } from '../measure/cell.ts';
import { type Law, lawOf, type Measured, type Need, needOf } from './law.ts';

/** Replicas to which the law is extrapolated. */
export const MANY_REPLICAS = 10_000;

export interface CellReport {
  readonly replicas: number;
  readonly side: Side;
  readonly figures: Readonly<Record<keyof CellFigures, Spread>>;
}

/** Content of reports/prometheus.json. */
export interface PrometheusReport {
  /** Share of the processors in use before the run, in per cent. */
  readonly busyBefore: number;
  /** Processes ready to run, on average over the last minute, at the end of each batch (proc_loadavg(5)). */
  readonly loadAverages: readonly number[];
  readonly cells: readonly CellReport[];
  readonly law: Law;
  readonly needs: readonly Need[];
  /** Failed and missed scrapes and missed evaluations of rules. */
  readonly failures: readonly string[];
}

export interface MeasuredCell extends Measured {
  readonly account: Cell['account'];
}

export function reportOf(
  measured: readonly MeasuredCell[],
  machine: { readonly busyBefore: number; readonly loadAverages: readonly number[] },
): PrometheusReport {
  const law = lawOf(measured);
  const sides = [...new Set(measured.map(({ side }) => side))];
  const { busyBefore, loadAverages } = machine;
  return {
    busyBefore,
    loadAverages,
    cells: grouped(measured),
    law,
    needs: sides.map((side) => needOf(MANY_REPLICAS, side, measured, law)),
    failures: measured.flatMap(failuresOf),
  };
}

/** One entry for each number of replicas and side, with the spread of its rounds. */
function grouped(measured: readonly MeasuredCell[]): CellReport[] {
  const groups = Map.groupBy(measured, ({ replicas, side }) => `${replicas} ${side}`);
  return [...groups.values()].map((cells) => {
    const { replicas, side, figures } = cells[0]!;
    const names = Object.keys(figures) as (keyof CellFigures)[];
    const spreads = names.map((name) => [
      name,
      spread(
        cells.map((cell) => cell.figures[name]),
        unitOf(name),
      ),
    ]);
    return { replicas, side, figures: Object.fromEntries(spreads) as CellReport['figures'] };
  });
}

const UNITS: readonly (readonly [end: RegExp, unit: string])[] = [
  [/Mb$/, 'MB'],
  [/Ms$/, 'ms'],
  [/Bytes/, 'bytes'],
  [/Cores$|^cores$/, 'cores'],
];

const unitOf = (name: string): string => UNITS.find(([end]) => end.test(name))?.[1] ?? '';

export function failuresOf({ replicas, side, account }: Omit<MeasuredCell, 'figures'>): string[] {
  const where = `${replicas} replicas, ${side.replace('_', ' ')}:`;
  const { scrapes, failed, missed, missedRules } = account;
  return [
    ...(failed > 0 ? [`${where} ${failed} of ${scrapes} scrapes failed`] : []),
    ...(missed > 0 ? [`${where} ${missed} scrapes did not take place`] : []),
    ...(missedRules > 0 ? [`${where} ${missedRules} evaluations of rules did not take place`] : []),
  ];
}
