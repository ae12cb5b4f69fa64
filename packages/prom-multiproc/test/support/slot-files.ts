import { CELL_OF_START, type LabelPair, type MetricDefinition, valueCells } from '../../src/format/layout.ts';
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
export const TRACED = definition({ name: 'traced_total', exemplars: true });
export const TRACED_HISTOGRAM = definition({
  name: 'traced_seconds',
  type: 'histogram',
  bounds: [1, 2, 4],
  exemplars: true,
});

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
  return SlotWriter.open(libc, directory, { now: () => now, onRefused, onExemplarRefused: onRefused });
}

function rethrow(error: Error): never {
  throw error;
}

/** Unix time in seconds at which the series that `add` creates begin. */
export const START = 1_700_000_000;

/**
 * Adds amounts to the cells, without the start time, of the series with this value of the only label. Creates the series if it is
 * missing.
 */
export function add(writer: SlotWriter, metric: MetricDefinition, value: string, ...amounts: number[]): void {
  addTo(writer, metric, [[0, value]], amounts);
}

/** As `add`, for any labels. */
export function addTo(
  writer: SlotWriter,
  metric: MetricDefinition,
  labels: readonly LabelPair[],
  amounts: readonly number[],
  start = START,
): void {
  const cells = writer.series(metric, labels)!;
  const { array, base } = cells;
  const hasStart = metric.type !== 'gauge';
  if (Number.isNaN(array[base])) {
    // A process that was killed while it removed the series may have left values.
    const end = base + valueCells(metric);
    for (let cell = base + 1; cell < end; cell++) if (array[cell] !== 0) array[cell] = 0;
    if (hasStart) array[base + CELL_OF_START] = start;
  }
  for (let i = amounts.length - 1; i >= 0; i--) {
    const cell = base + (hasStart && i >= CELL_OF_START ? i + 1 : i);
    array[cell] = (Number.isNaN(array[cell]) ? 0 : array[cell]!) + amounts[i]!;
  }
  writer.release(metric, labels, cells);
}

/** Stores an exemplar of the series with this value of the only label: of the counter, or of bucket `place` of the histogram. */
export function addExemplar(
  writer: SlotWriter,
  metric: MetricDefinition,
  value: string,
  labels: Record<string, string>,
  { place = 0, time = START, amount = 1 } = {},
): void {
  const cells = writer.series(metric, [[0, value]])!;
  const { array, base, exemplars } = cells;
  exemplars!.write(array, base + valueCells(metric) + place, labels, amount, time);
  writer.release(metric, [[0, value]], cells);
}
