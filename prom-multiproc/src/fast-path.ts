import { inspect } from 'node:util';
import type { ClientLabels } from './prom-client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

/**
 * Replaces `inc` of a counter and `observe` of a histogram by functions that count in the cells of a known series
 * without allocating, building a string or calling the system. Arguments and errors are prom-client's.
 */
export function installFastPath(metric: SharedMetric): void {
  const client = metric.client as unknown as Record<string, unknown>;
  if (client.enableExemplars === true) return;
  if ('incWithoutExemplar' in client) replaceForGood(client, 'inc', makeInc(metric));
  if ('observeWithoutExemplar' in client) replaceForGood(client, 'observe', makeObserve(metric));
}

// The constructor of prom-client assigns its own method after the registry was told of the metric.
function replaceForGood(client: Record<string, unknown>, method: string, replacement: unknown): void {
  Object.defineProperty(client, method, {
    get: () => replacement,
    set: () => {},
    enumerable: true,
    configurable: true,
  });
}

function makeInc(metric: SharedMetric): (labels?: unknown, value?: unknown) => void {
  return function inc(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const amount = labelled ? value : labels;
    const known = metric.known(own);
    if (known === undefined) metric.checkLabels(own);
    if (amount && !Number.isFinite(amount)) throw notANumber(amount);
    if ((amount as number) < 0) throw new Error('It is not possible to decrease a counter');
    const delta = amount === undefined || amount === null ? 1 : (amount as number);
    if (metric.accepts(delta)) (known ?? metric.resolve(own)).add(0, delta);
  };
}

function makeObserve(metric: SharedMetric): (labels?: unknown, value?: unknown) => void {
  return function observe(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const observed = (labelled || isAbsent(labels) ? value : labels) as number;
    const known = metric.known(own);
    if (known === undefined) metric.checkLabels(own);
    if (!Number.isFinite(observed)) throw notANumber(observed);
    const series = known ?? metric.resolve(own);
    series.add(1 + bucketOf(metric.bounds, observed), 1);
    series.add(0, observed);
  };
}

function notANumber(value: unknown): TypeError {
  return new TypeError(`Value is not a valid number: ${inspect(value)}`);
}

// prom-client takes any falsy first argument but 0 for missing labels.
function isAbsent(labels: unknown): boolean {
  return labels !== 0 && !labels;
}

/** Index of the first bucket whose upper bound is not below `value`; that of +Inf where none is. */
function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  while (bucket < bounds.length && !(value <= bounds[bucket]!)) bucket++;
  return bucket;
}

const NO_LABELS: ClientLabels = {};

function isObject(value: unknown): value is ClientLabels {
  return value !== null && typeof value === 'object';
}
