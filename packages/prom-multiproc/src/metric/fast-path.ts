import { hasExemplars } from '../client/client-definition.ts';
import type { ClientLabels } from '../client/client-internals.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import { bucketOf } from '../util/buckets.ts';
import { counterChildren, histogramChildren, type Inc, isFiniteNumber, type Observe } from './bound-child.ts';
import { installExemplarFastPath } from './exemplar-fast-path.ts';
import { NO_LABELS, replaceLabels } from './labels-method.ts';
import { isClientsOwn, replace } from './replace-method.ts';
import type { SharedMetric } from './shared-metric.ts';

/**
 * Replaces `inc` and `labels` of a counter, `observe` and `labels` of a histogram. For a known series the replacements allocate
 * nothing, build no string and make no system call. Arguments and errors are those of the client.
 */
export function installFastPath(metric: SharedMetric): void {
  const { client } = metric;
  if (hasExemplars(client)) {
    const inc = makeInc(metric, client.incWithoutExemplar as Inc);
    installExemplarFastPath(metric, inc, makeObserve(metric, client.observeWithoutExemplar as Observe));
    return;
  }
  if (isClientsOwn(client, 'inc', 'incWithoutExemplar')) {
    const clientsInc = client.incWithoutExemplar as Inc;
    const inc = makeInc(metric, clientsInc);
    const present = replace(client, 'inc', inc, clientsInc);
    replaceLabels(metric, counterChildren(metric, inc), () => present() === inc);
  }
  if (isClientsOwn(client, 'observe', 'observeWithoutExemplar')) {
    const clientsObserve = client.observeWithoutExemplar as Observe;
    const observe = makeObserve(metric, clientsObserve);
    replace(client, 'observe', observe, clientsObserve);
    const make = histogramChildren(metric, observe);
    replaceLabels(metric, (labels, known) => (metric.hasLabels(labels) ? make(labels, known) : undefined));
  }
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
    series.add(CELL_OF_BUCKETS + bucketOf(metric.bounds, observed), 1);
    series.add(0, observed);
  };
}

// prom-client treats any falsy first argument except 0 as missing labels.
function isAbsent(labels: unknown): boolean {
  return labels !== 0 && !labels;
}

function isObject(value: unknown): value is ClientLabels {
  return value !== null && typeof value === 'object';
}
