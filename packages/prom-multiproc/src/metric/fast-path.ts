import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import { bucketOf } from '../util/buckets.ts';
import {
  type Inc,
  isFiniteNumber,
  makeCounterChild,
  makeHistogramChild,
  type Observe,
} from './bound-child.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { ValueSeries } from './shared-series.ts';

/**
 * Replaces `inc` of a counter, `observe` of a histogram and `set` of a gauge without labels. For a known series the
 * replacements allocate nothing, build no string and make no system call. Arguments and errors are those of the client.
 */
export function installFastPath(metric: SharedMetric): void {
  const { client } = metric;
  if (client.enableExemplars === true) return;
  if (isClientsOwn(client, 'inc', 'incWithoutExemplar')) {
    const clientsInc = client.incWithoutExemplar as Inc;
    const inc = makeInc(metric, clientsInc);
    replace(client, 'inc', inc, clientsInc);
    replaceLabels(client, (labels) => {
      const { inc: present } = client;
      return present === inc
        ? makeCounterChild(metric, inc, labels)
        : { inc: (present as Inc).bind(client, labels) };
    });
  }
  if (isClientsOwn(client, 'observe', 'observeWithoutExemplar')) {
    const clientsObserve = client.observeWithoutExemplar as Observe;
    const observe = makeObserve(metric, clientsObserve);
    replace(client, 'observe', observe, clientsObserve);
    replaceLabels(client, (labels) =>
      metric.hasLabels(labels) ? makeHistogramChild(metric, observe, labels) : undefined,
    );
  }
  if (isClientsOwn(client, 'set') && client.labelNames.length === 0) installSet(metric);
}

/**
 * Whether `method` is still the client's own, not replaced by the application in a subclass or in this metric. `assigned`: name of
 * the client's method that its constructor stores under the name `method`, such as `incWithoutExemplar` under `inc`.
 */
function isClientsOwn(client: ClientMetric, method: keyof ClientMetric, assigned = method): boolean {
  const own = clientsOwn(client, assigned);
  if (own === undefined || client[assigned] !== own) return false;
  return !Object.hasOwn(client, method) || client[method] === own;
}

/** The method of the client's class for this kind of metric: the third prototype from the end, before `Metric` and `Object`. */
function clientsOwn(client: ClientMetric, method: keyof ClientMetric): unknown {
  const classes: object[] = [];
  for (let one = Object.getPrototypeOf(client); one !== null; one = Object.getPrototypeOf(one))
    classes.push(one);
  const kind = classes.at(-3);
  return kind && Object.getOwnPropertyDescriptor(kind, method)?.value;
}

/** Replaces `labels()`. If `childOf` returns undefined, the client's own `labels()` is called and throws its error. */
function replaceLabels(client: ClientMetric, childOf: (labels: ClientLabels) => unknown): void {
  if (!isClientsOwn(client, 'labels')) return;
  const clientsLabels = client.labels as (...args: unknown[]) => unknown;
  replace(client, 'labels', (...args: unknown[]) => {
    const labels = labelsOf(client.labelNames, args);
    return (labels && childOf(labels)) ?? clientsLabels.apply(client, args);
  });
}

/** Replaces `set` of a gauge without labels. All other gauge methods stay prom-client's own. */
function installSet(metric: SharedMetric): void {
  const client = metric.client as unknown as { set(labels: unknown, value?: unknown): void };
  const { set } = client;
  client.set = function setOnly(labels, value) {
    const series = typeof labels === 'number' ? metric.only : undefined;
    if (series === undefined) set.call(this, labels, value);
    else (series as ValueSeries).value = labels as number;
  };
}

/** Undefined if the number of values differs from the number of label names. */
function labelsOf(names: readonly string[], args: readonly unknown[]): ClientLabels | undefined {
  if (typeof args[0] === 'object') return (args[0] ?? NO_LABELS) as ClientLabels;
  if (names.length !== args.length) return undefined;
  return Object.fromEntries(names.map((name, i) => [name, args[i]]));
}

/**
 * Replaces a method. prom-client's constructor assigns `assigned` to it after the metric was registered: that assignment is
 * ignored. Assignments by the application are kept.
 */
function replace(client: object, method: string, replacement: unknown, assigned?: unknown): void {
  let present = replacement;
  Object.defineProperty(client, method, {
    get: () => present,
    set: (value: unknown) => {
      if (value === undefined || value !== assigned) present = value;
    },
    enumerable: true,
    configurable: true,
  });
}

/** Makes the fast `inc`. Invalid arguments are passed to the client's own `inc`, which throws its error. */
function makeInc(metric: SharedMetric, clientsInc: Inc): Inc {
  const { client } = metric;
  return function inc(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const amount = labelled ? value : labels;
    const delta = amount === undefined || amount === null ? 1 : amount;
    const known = metric.known(own);
    // NaN passes this check: `metric.accepts()` rejects and reports it.
    if (typeof delta !== 'number' || delta < 0 || delta === Infinity) clientsInc.call(client, labels, value);
    else if (known === undefined && !metric.hasLabels(own)) clientsInc.call(client, labels, value);
    else if (metric.accepts(delta)) (known ?? metric.resolve(own)).add(0, delta);
  };
}

/** Makes the fast `observe`, as `makeInc` does. */
function makeObserve(metric: SharedMetric, clientsObserve: Observe): Observe {
  const { client } = metric;
  return function observe(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const observed = labelled || isAbsent(labels) ? value : labels;
    const known = metric.known(own);
    if (!isFiniteNumber(observed) || (known === undefined && !metric.hasLabels(own))) {
      clientsObserve.call(client, labels, value);
      return;
    }
    const series = known ?? metric.resolve(own);
    series.add(1 + bucketOf(metric.bounds, observed), 1);
    series.add(0, observed);
  };
}

// prom-client treats any falsy first argument except 0 as missing labels.
function isAbsent(labels: unknown): boolean {
  return labels !== 0 && !labels;
}

const NO_LABELS: ClientLabels = {};

function isObject(value: unknown): value is ClientLabels {
  return value !== null && typeof value === 'object';
}
