import type { Spread } from '../stats/spread.ts';

export function asTable(
  measures: Readonly<Record<string, Spread>>,
  accounts: readonly unknown[],
  failures: readonly string[],
): string {
  const rows = Object.entries(measures).map(
    ([name, { median, min, max, unit }]) =>
      `${name.padEnd(34)} ${number(median).padStart(9)} (${number(min)}..${number(max)}) ${unit}`,
  );
  const rounds = accounts.map((account) => `overload account: ${JSON.stringify(account)}`);
  const verdict =
    failures.length === 0 ? ['all checks passed'] : failures.map((failure) => `FAILED: ${failure}`);
  return [...rows, ...rounds, ...verdict].join('\n');
}

function number(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
