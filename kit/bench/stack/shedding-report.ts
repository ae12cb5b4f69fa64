import { spread } from '../stats/spread.ts';
import type { Route, SheddingRound } from './shedding-round.ts';

export interface Measured {
  readonly route: Route;
  /** Requests per second. */
  readonly capacity: number;
  readonly bySide: readonly { readonly name: string; readonly rounds: readonly SheddingRound[] }[];
}

/**
 * One row for each side, one column for each route with its capacity. A cell has the answers within `IN_TIME_MS`, per
 * second, and the p99 of all answers: medians of the rounds. The progress lines of shedding.ts have all figures of each round.
 */
export function sheddingTable(measured: readonly Measured[]): string {
  const columns = measured.map(({ route, capacity }) => `${route.what}, ${whole(capacity)}/s`);
  const sides = measured[0]?.bySide.map(({ name }) => name) ?? [];
  const all = measured.flatMap(({ bySide }) => bySide.flatMap(({ rounds }) => rounds));
  const unanswered = all.reduce((sum, round) => sum + round.unanswered, 0);
  const ready = Math.min(...all.map(({ readyShare }) => readyShare));
  return [
    `| | ${columns.join(' | ')} |`,
    `|---|${'---|'.repeat(columns.length)}`,
    ...sides.map((name, side) => {
      const cells = measured.map(({ bySide }) => cell(bySide[side]!.rounds));
      return `| ${name} | ${cells.join(' | ')} |`;
    }),
    '',
    `Requests without an answer: ${whole(unanswered)}. Lowest share of 200 from \`/readyz\`: ${whole(100 * ready)} %.`,
  ].join('\n');
}

function cell(rounds: readonly SheddingRound[]): string {
  const inTime = spread(
    rounds.map((round) => round.inTime),
    '/s',
  ).median;
  // A round without an answer has no latency.
  const latencies = rounds.map(({ p99 }) => p99).filter((ms) => !Number.isNaN(ms));
  const p99 = latencies.length === 0 ? '' : `, ${whole(spread(latencies, 'ms').median)} ms`;
  return `${whole(inTime)}/s${p99}`;
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
