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

/** Takes a slot in this process. A refused series throws unless `onRefused` is given. */
export function openWriter(
  directory: string,
  { libc = loadLibc(), onRefused = rethrow, now = 86_400 }: WriterOptions = {},
): SlotWriter {
  return SlotWriter.open(libc, directory, { now: () => now, onRefused });
}

function rethrow(error: Error): never {
  throw error;
}

/** Adds amounts to the cells of the series with this value of the only label. Creates the series if it is missing. */
export function add(writer: SlotWriter, metric: MetricDefinition, value: string, ...amounts: number[]): void {
  const cells = writer.series(metric, [[0, value]])!;
  const { array, base } = cells;
  for (const [i, amount] of amounts.entries()) {
    array[base + i] = (Number.isNaN(array[base + i]) ? 0 : array[base + i]!) + amount;
  }
  writer.release(metric, [[0, value]], cells);
}
