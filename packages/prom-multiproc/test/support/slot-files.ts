import type { MetricDefinition } from '../../src/format/layout.ts';
import { type Libc, loadLibc } from '../../src/os/libc.ts';
import { SlotWriter } from '../../src/slot/slot-writer.ts';

export function definition(part: Partial<MetricDefinition> = {}): MetricDefinition {
  const whole = { name: 'requests_total', help: 'Requests', type: 'counter', aggregator: 'sum' } as const;
  return { ...whole, labelNames: ['route'], bounds: [], ...part };
}

export const COUNTER = definition();
export const GAUGE = definition({ name: 'in_flight', type: 'gauge' });
export const HISTOGRAM = definition({ name: 'seconds', type: 'histogram', bounds: [1, 2, 4] });
export const SUMMARY = definition({ name: 'sizes', type: 'summary' });

interface WriterOptions {
  readonly libc?: Libc;
  readonly onRefused?: (error: Error) => void;
  /** Seconds since the machine started. */
  readonly now?: number;
}

/** A slot of this process. What finds no room is thrown, unless the test wants to be told. */
export function openWriter(
  directory: string,
  { libc = loadLibc(), onRefused = rethrow, now = 86_400 }: WriterOptions = {},
): SlotWriter {
  return SlotWriter.open(libc, directory, { now: () => now, onRefused });
}

function rethrow(error: Error): never {
  throw error;
}

/** Counts in one series, whose only label has this value; makes it where there is none. */
export function add(writer: SlotWriter, metric: MetricDefinition, value: string, ...amounts: number[]): void {
  const cells = writer.series(metric, [[0, value]])!;
  const { array, base } = cells;
  for (const [i, amount] of amounts.entries()) {
    array[base + i] = (Number.isNaN(array[base + i]) ? 0 : array[base + i]!) + amount;
  }
  writer.release(metric, [[0, value]], cells);
}
