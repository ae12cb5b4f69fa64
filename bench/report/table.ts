import { type Report, ratiosOf, sidesOf } from '../comparison.ts';
import { number } from './number.ts';

/** One line a side, for a terminal. */
export function asText(report: Report): string {
  const lines = Object.entries(report).flatMap(([name, comparison]) => {
    const ratios = ratiosOf(comparison);
    return Object.entries(sidesOf(comparison)).map(([side, { median, min, max, unit }]) => {
      const ratio = side === 'ours' ? '' : times(ratios[side]);
      return `${name.padEnd(30)} ${side.padEnd(22)} ${number(median).padStart(9)} (${number(min)}..${number(max)}) ${unit}${ratio}`;
    });
  });
  return `${lines.join('\n')}\n`;
}

export function times(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined ? '' : `, ${number(ratio)} times`;
}
