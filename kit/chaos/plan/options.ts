import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run chaos -- [--minutes N] [--seed S] [--json]

Starts the stack on ports of its own, puts load on it, and does damage to it: process faults for N minutes, then damaged
slot files. It takes the stack down at its end.

  --minutes N   how long (default 5)
  --seed S      a whole number; the same seed does the same things (default: a new one, which is printed)
  --json        the report for machines on stdout; progress goes to stderr either way

Exit status: 0 every promise held, 1 one was broken, 2 wrong usage.`;

export interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly json: boolean;
  readonly help: boolean;
}

export class UsageError extends Error {}

const MOST_MINUTES = 24 * 60;

export function readOptions(args: readonly string[], newSeed: () => number): Options {
  const { values } = parse(args);
  const minutes = values.minutes === undefined ? 5 : Number(values.minutes);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    throw new UsageError(`--minutes ${values.minutes}: give a number above 0, up to ${MOST_MINUTES}`);
  }
  if (values.seed !== undefined && !/^\d{1,9}$/.test(values.seed)) {
    throw new UsageError(`--seed ${values.seed}: give a whole number of at most nine digits`);
  }
  const seed = values.seed === undefined ? newSeed() : Number(values.seed);
  return { minutes, seed, json: values.json ?? false, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
