import { parseArgs } from 'node:util';
import { BENCH_JSON } from '../files.ts';

export interface BenchOptions {
  readonly quick: boolean;
  readonly json: boolean;
  /** File that the figures are written to. */
  readonly out: string;
  readonly groups: readonly string[];
}

/** Arguments of `npm run bench`. @throws TypeError on an unknown option */
export function benchOptions(args: readonly string[], out: string = BENCH_JSON): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string', default: out },
    },
  });
  return { ...values, groups: positionals };
}

/** File that report.ts reads, by its arguments. */
export function figuresFile([file]: readonly string[]): string {
  return file ?? BENCH_JSON;
}
