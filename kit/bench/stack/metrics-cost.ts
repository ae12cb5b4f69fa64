import type { LoadStack } from './stack.ts';
import { allAnswered, trial as send } from './trial.ts';

/** Three stacks up at once: two alike, and one that measures nothing. */
export interface Sides<T> {
  readonly on: T;
  readonly alike: T;
  readonly off: T;
}

export interface CostRound {
  /** Microseconds of processor of the primary and the workers for one request. */
  readonly cost: Sides<number>;
  readonly memoryBytes: Sides<number>;
}

const NAMES = ['on', 'alike', 'off'] as const;

/** One turn of each stack at the same rate; who begins changes from round to round. Undefined where one did not answer all. */
export async function costRound(
  stacks: Sides<Pick<LoadStack, 'publicUrl' | 'usage' | 'processorMicroseconds'>>,
  round: number,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  trial: typeof send = send,
): Promise<CostRound | undefined> {
  const cost = { on: 0, alike: 0, off: 0 };
  const memoryBytes = { on: 0, alike: 0, off: 0 };
  for (let turn = 0; turn < NAMES.length; turn++) {
    const name = NAMES[(round + turn) % NAMES.length]!;
    const stack = stacks[name];
    const before = await stack.processorMicroseconds();
    const report = await trial({ url: `${stack.publicUrl}/ping`, rate, seconds });
    const after = await stack.processorMicroseconds();
    if (!allAnswered(report)) {
      const answers = JSON.stringify([report.byStatus, report.byCause]);
      process.stderr.write(
        `  round ${round + 1}: dropped, as ${name} did not answer all at ${rate}/s: ${answers}\n`,
      );
      return undefined;
    }
    cost[name] = (after - before) / report.intended;
    memoryBytes[name] = (await stack.usage('app')).memoryBytes;
  }
  process.stderr.write(
    `  round ${round + 1}: on ${cost.on.toFixed(1)}, alike ${cost.alike.toFixed(1)}, off ${cost.off.toFixed(1)} µs\n`,
  );
  return { cost, memoryBytes };
}
