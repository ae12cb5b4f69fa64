import { spread } from '../stats/spread.ts';
import { type Route, type SheddingRound, TIMES_THE_CAPACITY } from './shedding-round.ts';

export interface Measured {
  readonly route: Route;
  /** Requests a second. */
  readonly capacity: number;
  readonly bySide: readonly { readonly name: string; readonly rounds: readonly SheddingRound[] }[];
}

/** One table for all routes, the median and the range of the rounds in each cell. */
export function sheddingTable(measured: readonly Measured[]): string {
  return [
    '| | 200, a second | of these in 0.5 s | 200 in 0.5 s, a second | 503 | unanswered | p50 | p99 | p99 of 503 | ready |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...measured.flatMap(({ route, capacity, bySide }) => [
      `| **${route.what}**: ${Math.round(capacity)} a second, ${Math.round(capacity * TIMES_THE_CAPACITY)} offered |${' |'.repeat(9)}`,
      ...bySide.map(({ name, rounds }) => row(name, rounds)),
    ]),
  ].join('\n');
}

function row(name: string, rounds: readonly SheddingRound[]): string {
  const cell = (key: keyof SheddingRound, unit: '' | '%' | ' ms') => {
    const factor = unit === '%' ? 100 : 1;
    // Without an answer there is no latency.
    const values = rounds.map((round) => round[key] * factor).filter((value) => !Number.isNaN(value));
    if (values.length === 0) return '';
    const { median, min, max } = spread(values, unit);
    const [middle, least, greatest] = [median, min, max].map((value) =>
      Math.round(value).toLocaleString('en-US'),
    );
    return `${middle}${unit}${least === greatest ? '' : ` (${least}..${greatest})`}`;
  };
  return `| ${[
    name,
    cell('answered', ''),
    cell('inTimeShare', '%'),
    cell('inTime', ''),
    cell('shedShare', '%'),
    cell('unanswered', ''),
    cell('p50', ' ms'),
    cell('p99', ' ms'),
    cell('shedP99', ' ms'),
    cell('readyShare', '%'),
  ].join(' | ')} |`;
}
