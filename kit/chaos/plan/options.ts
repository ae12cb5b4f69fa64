import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run chaos -- [--minutes N] [--seed S] [--json]

Starts the stack on free ports and puts it under load. Injects process faults for N minutes, then damages slot files.
Reconciles every request, prints a report and removes the stack.

  --minutes N   duration of the process faults (default 5)
  --seed S      whole number; the same seed repeats the same faults (default: a new seed, which is printed)
  --json        print the report as JSON; progress goes to stderr

Exit status: 0 if every guarantee held, 1 if not, 2 for wrong usage.`;

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
    throw new UsageError(`--minutes ${values.minutes}: expected a number above 0, at most ${MOST_MINUTES}`);
  }
  if (values.seed !== undefined && !/^\d{1,9}$/.test(values.seed)) {
    throw new UsageError(`--seed ${values.seed}: expected a whole number with at most nine digits`);
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
