import { format } from 'node:util';
import { type Inc, makeCounterChild, makeHistogramChild, type Observe } from './bound-child.ts';
import { bucketOf } from './buckets.ts';
import type { ClientLabels, ClientMetric } from './prom-client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { ValueSeries } from './shared-series.ts';

/**
 * Replaces `inc` of a counter, `observe` of a histogram and `set` of a gauge without labels by functions that count in the cells of a known series
 * without allocating, building a string or calling the system. Arguments and errors are prom-client's.
 */
export function installFastPath(metric: SharedMetric): void {
  const { client } = metric;
  if (client.enableExemplars === true) return;
  if (isClientsOwn(client, 'inc', 'incWithoutExemplar')) {
    const inc = makeInc(metric);
    replace(client, 'inc', inc, client.incWithoutExemplar);
    replaceLabels(client, (...args) => {
      const { inc: present } = client;
      const labels = labelsOf(client.labelNames, args);
      return present === inc
        ? makeCounterChild(metric, inc, labels)
        : { inc: (present as Inc).bind(client, labels) };
    });
  }
  if (isClientsOwn(client, 'observe', 'observeWithoutExemplar')) {
    const observe = makeObserve(metric);
    replace(client, 'observe', observe, client.observeWithoutExemplar);
    replaceLabels(client, (...args) => {
      const labels = labelsOf(client.labelNames, args);
      metric.checkLabels(labels);
      return makeHistogramChild(metric, observe, labels);
    });
  }
  if (isClientsOwn(client, 'set') && client.labelNames.length === 0) installSet(metric);
}

/**
 * Whether the client's own method is what counts, and not one that the application has put in its place, in a class of its
 * own or in this metric. The client assigns `assigned` to `method` in its constructor, which may be running still.
 */
function isClientsOwn(client: ClientMetric, method: keyof ClientMetric, assigned = method): boolean {
  const own = clientsOwn(client, assigned);
  if (own === undefined || client[assigned] !== own) return false;
  return !Object.hasOwn(client, method) || client[method] === own;
}

/** The method of the client's class for this kind of metric. Above it are the class of all metrics and Object. */
function clientsOwn(client: ClientMetric, method: keyof ClientMetric): unknown {
  const classes: object[] = [];
  for (let one = Object.getPrototypeOf(client); one !== null; one = Object.getPrototypeOf(one))
    classes.push(one);
  const kind = classes.at(-3);
  return kind && Object.getOwnPropertyDescriptor(kind, method)?.value;
}

function replaceLabels(client: ClientMetric, labels: (...args: unknown[]) => unknown): void {
  if (isClientsOwn(client, 'labels')) replace(client, 'labels', labels);
}

/** A gauge without labels is set where its value is kept; all else of a gauge is prom-client's own. */
function installSet(metric: SharedMetric): void {
  const client = metric.client as unknown as { set(labels: unknown, value?: unknown): void };
  const { set } = client;
  client.set = function setOnly(labels, value) {
    const series = typeof labels === 'number' ? metric.only : undefined;
    if (series === undefined) set.call(this, labels, value);
    else (series as ValueSeries).value = labels as number;
  };
}

/** @throws Error, as prom-client does, where there are not as many values as label names. */
function labelsOf(names: readonly string[], args: readonly unknown[]): ClientLabels {
  if (typeof args[0] === 'object') return (args[0] ?? NO_LABELS) as ClientLabels;
  if (names.length !== args.length) {
    throw new Error(
      `Invalid number of arguments (${args.length}): "${args.join(', ')}" for label names (${names.length}): "${names.join(', ')}".`,
    );
  }
  return Object.fromEntries(names.map((name, i) => [name, args[i]]));
}

/**
 * The constructor of prom-client assigns its own method, `assigned`, after the registry was told of the metric: that is
 * ignored. What the application assigns stands.
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

function makeInc(metric: SharedMetric): Inc {
  const { labelsFirst } = metric.kind;
  return function inc(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const amount = labelled ? value : labels;
    const known = metric.known(own);
    if (known === undefined && labelsFirst) metric.checkLabels(own);
    if (amount && !Number.isFinite(amount)) throw notANumber(amount);
    if ((amount as number) < 0) throw new Error('It is not possible to decrease a counter');
    if (known === undefined && !labelsFirst) metric.checkLabels(own);
    const delta = amount === undefined || amount === null ? 1 : (amount as number);
    if (metric.accepts(delta)) (known ?? metric.resolve(own)).add(0, delta);
  };
}

function makeObserve(metric: SharedMetric): Observe {
  const { labelsFirst } = metric.kind;
  return function observe(labels, value) {
    const labelled = isObject(labels);
    const own = labelled ? labels : NO_LABELS;
    const observed = (labelled || isAbsent(labels) ? value : labels) as number;
    const known = metric.known(own);
    if (known === undefined && labelsFirst) metric.checkLabels(own);
    if (!Number.isFinite(observed)) throw notANumber(observed);
    if (known === undefined && !labelsFirst) metric.checkLabels(own);
    const series = known ?? metric.resolve(own);
    series.add(1 + bucketOf(metric.bounds, observed), 1);
    series.add(0, observed);
  };
}

function notANumber(value: unknown): TypeError {
  return new TypeError(`Value is not a valid number: ${format(value)}`);
}

// prom-client takes any falsy first argument but 0 for missing labels.
function isAbsent(labels: unknown): boolean {
  return labels !== 0 && !labels;
}

const NO_LABELS: ClientLabels = {};

function isObject(value: unknown): value is ClientLabels {
  return value !== null && typeof value === 'object';
}
