import { number } from '../../library/report/number.ts';
import { type Report, sidesOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';

const COLUMNS: readonly (readonly [side: string, label: string])[] = [
  ['bare', 'bare'],
  ['bare_again', 'bare again'],
  ['prom_client', 'prom-client'],
  ['ours', 'kit'],
];

/** Stacks of the kit without one part. */
const WITHOUT: readonly (readonly [side: string, label: string])[] = [
  ['metrics_off', 'metrics'],
  ['log_off', 'request log'],
  ['shedding_off', 'shedding'],
];

interface Row {
  readonly measure: string;
  readonly label: string;
  readonly aim: string;
  /** Side that the aim compares with; undefined for an absolute aim. */
  readonly to?: string;
  isHeld(value: number): boolean;
}

const ROWS: readonly Row[] = [
  { measure: 'saturated_app', label: 'app, saturated', ...atMostTimes('bare', 1.1) },
  { measure: 'steady_app', label: 'app, 600 requests/s', ...atMostTimes('bare', 1.1) },
  { measure: 'saturated_nginx', label: 'nginx, saturated', ...atMostTimes('bare', 1.1) },
  { measure: 'steady_nginx', label: 'nginx, 600 requests/s', ...atMostTimes('bare', 1.1) },
  {
    measure: 'saturated_requests',
    label: 'requests/s, saturated',
    aim: '≥0.93 of bare',
    to: 'bare',
    isHeld: (value) => value >= 0.93,
  },
  { measure: 'memory', label: 'memory of the app', ...atMostTimes('prom_client', 1.15) },
  { measure: 'rest', label: 'app at rest', aim: '≤6 ms/s', isHeld: (value) => value <= 6 },
  { measure: 'start', label: 'start', aim: '≤3 s', isHeld: (value) => value <= 3 },
];

function atMostTimes(to: string, limit: number) {
  const name = to === 'bare' ? 'bare' : 'prom-client';
  return { to, aim: `≤${limit} of ${name}`, isHeld: (value: number) => value <= limit };
}

/**
 * One row for each measure: the median of the bare stack, the median ratio of each other stack to it with its range, and whether the aim
 * is held. Below it, the ratios of the kit without one of its parts.
 */
export function costTable(report: Report): string {
  const rows = ROWS.filter(({ measure }) => report[measure] !== undefined).map((row) => {
    const cells = COLUMNS.map(([side]) => cell(report, row.measure, side));
    const held = row.isHeld(compared(report, row)) ? 'yes' : '**no**';
    return `| ${row.label} | ${cells.join(' | ')} | ${row.aim}: ${held} |`;
  });
  return [
    `| | ${COLUMNS.map(([, label]) => label).join(' | ')} | Aim held |`,
    `|---|${COLUMNS.map(() => '---|').join('')}---|`,
    ...rows,
    ...withoutParts(report),
  ].join('\n');
}

function withoutParts(report: Report): string[] {
  const texts = WITHOUT.flatMap(([side, label]) => {
    const ratios = ['saturated_app', 'steady_app'].map((measure) =>
      spreadOf(report, `${measure}_over_bare`, side),
    );
    return ratios.some((ratio) => ratio === undefined)
      ? []
      : [`without ${label} ${ratios.map((ratio) => withRange(ratio!)).join(' and ')}`];
  });
  return texts.length === 0 ? [] : ['', `App, saturated and at 600 requests/s: ${texts.join('; ')}.`];
}

function compared(report: Report, { measure, to }: Row): number {
  const value = spreadOf(report, measure, 'ours')!.median;
  if (to === undefined) return value;
  if (to === 'bare') return spreadOf(report, `${measure}_over_bare`, 'ours')!.median;
  return value / spreadOf(report, measure, to)!.median;
}

function cell(report: Report, measure: string, side: string): string {
  const spread = spreadOf(report, measure, side);
  if (spread === undefined) return '';
  const ratio = side === 'bare' ? undefined : spreadOf(report, `${measure}_over_bare`, side);
  if (ratio === undefined) return `${number(spread.median)} ${spread.unit}`;
  return withRange(ratio);
}

function withRange({ median, min, max }: Spread): string {
  return `${median.toFixed(2)}x (${min.toFixed(2)}..${max.toFixed(2)})`;
}

function spreadOf(report: Report, measure: string, side: string): Spread | undefined {
  const comparison = report[measure];
  return comparison && sidesOf(comparison)[side];
}
