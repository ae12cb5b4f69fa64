import type { LoadStack } from './stack.ts';
import { allAnswered, trial as send } from './trial.ts';

/** Three stacks that run at the same time: two with metrics and one without. */
export interface Sides<T> {
  readonly on: T;
  /** The same as `on`: the difference between the two is noise (A/A run). */
  readonly control: T;
  readonly off: T;
}

export interface CostRound {
  /** Processor time of the primary and the workers per request, in microseconds. */
  readonly cost: Sides<number>;
  readonly memoryBytes: Sides<number>;
}

const NAMES = ['on', 'control', 'off'] as const;

/** Loads each stack in turn at the same rate; the first stack changes with each round. Undefined if a request was not answered. */
export async function costRound(
  stacks: Sides<Pick<LoadStack, 'publicUrl' | 'usage' | 'processorMicroseconds'>>,
  round: number,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  trial: typeof send = send,
): Promise<CostRound | undefined> {
  const cost = { on: 0, control: 0, off: 0 };
  const memoryBytes = { on: 0, control: 0, off: 0 };
  for (let turn = 0; turn < NAMES.length; turn++) {
    const name = NAMES[(round + turn) % NAMES.length]!;
    const stack = stacks[name];
    const before = await stack.processorMicroseconds();
    const report = await trial({ url: `${stack.publicUrl}/ping`, rate, seconds });
    const after = await stack.processorMicroseconds();
    if (!allAnswered(report)) {
      const answers = JSON.stringify([report.byStatus, report.byCause]);
      process.stderr.write(
        `  round ${round + 1}: dropped: ${name} did not answer every request at ${rate}/s: ${answers}\n`,
      );
      return undefined;
    }
    cost[name] = (after - before) / report.intended;
    memoryBytes[name] = (await stack.usage('app')).memoryBytes;
  }
  process.stderr.write(
    `  round ${round + 1}: on ${cost.on.toFixed(1)}, control ${cost.control.toFixed(1)}, off ${cost.off.toFixed(1)} µs\n`,
  );
  return { cost, memoryBytes };
}
