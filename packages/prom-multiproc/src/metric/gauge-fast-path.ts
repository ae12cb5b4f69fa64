import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import { BoundSeries } from './bound-child.ts';
import { type MakeChild, NO_LABELS, replaceLabels } from './labels-method.ts';
import { isClientsOwn, replace } from './replace-method.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { SharedSeries, ValueSeries } from './shared-series.ts';

type Write = (labels?: unknown, value?: unknown) => void;
/** Writes a valid value to a known series. */
type Act = (series: ValueSeries, value: number) => void;

const METHODS = ['set', 'inc', 'dec'] as const;
type Method = (typeof METHODS)[number];

const ACTS: Readonly<Record<Method, Act>> = {
  set: (series, value) => {
    series.value = value;
  },
  inc: (series, value) => {
    series.value += value;
  },
  dec: (series, value) => {
    series.value -= value;
  },
};

/** Whether the metric is a gauge whose methods are the client's own. */
export function isPlainGauge(client: ClientMetric): boolean {
  return 'dec' in client && METHODS.every((method) => isClientsOwn(client, method as keyof ClientMetric));
}

/**
 * Replaces `set`, `inc` and `dec` of a gauge. For a known series the replacements do what `installFastPath` promises; all else is
 * done by the methods that they replace.
 */
export function installGaugeFastPath(metric: SharedMetric): void {
  const client = metric.client as unknown as Record<Method, Write>;
  const [set, inc, dec] = METHODS.map((method) => {
    const write = makeWrite(metric, client[method], ACTS[method], method === 'set' ? undefined : 1);
    return { write, present: replace(client, method, write) };
  }) as [Replaced, Replaced, Replaced];
  const make = gaugeChildren(metric, set.write, inc.write, dec.write);
  replaceLabels(
    metric,
    (labels, known) => (metric.hasLabels(labels) ? make(labels, known) : undefined),
    () => set.present() === set.write && inc.present() === inc.write && dec.present() === dec.write,
  );
}

interface Replaced {
  readonly write: Write;
  present(): unknown;
}

function makeWrite(metric: SharedMetric, original: Write, act: Act, preset: number | undefined): Write {
  const { client } = metric;
  return function write(labels, value) {
    const labelled = labels !== null && typeof labels === 'object';
    const given = labelled ? value : labels;
    const amount = given === undefined ? preset : given;
    const series =
      typeof amount === 'number' ? metric.known(labelled ? (labels as ClientLabels) : NO_LABELS) : undefined;
    if (series === undefined) original.call(client, labels, value);
    else act(series as ValueSeries, amount as number);
  };
}

/** Makes the children that `labels()` of a gauge returns. */
function gaugeChildren(metric: SharedMetric, set: Write, inc: Write, dec: Write): MakeChild {
  const client = metric.client as unknown as Record<'setToCurrentTime' | 'startTimer', Write>;
  return (labels, known) => {
    const bound = new BoundSeries(labels, known);
    return {
      inc(value?: unknown): void {
        const series = bound.get(metric);
        if (series !== undefined && value === undefined) (series as ValueSeries).value += 1;
        else if (isWritable(series, value)) series.value += value as number;
        else inc(bound.labels, value);
      },
      dec(value?: unknown): void {
        const series = bound.get(metric);
        if (series !== undefined && value === undefined) (series as ValueSeries).value -= 1;
        else if (isWritable(series, value)) series.value -= value as number;
        else dec(bound.labels, value);
      },
      set(value?: unknown): void {
        const series = bound.get(metric);
        if (isWritable(series, value)) series.value = value as number;
        else set(bound.labels, value);
      },
      setToCurrentTime: () => client.setToCurrentTime(bound.labels),
      startTimer: () => client.startTimer(bound.labels),
    };
  };
}

function isWritable(series: SharedSeries | undefined, value: unknown): series is ValueSeries {
  return series !== undefined && typeof value === 'number';
}
