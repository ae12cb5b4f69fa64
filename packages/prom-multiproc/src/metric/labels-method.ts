import type { ClientLabels } from '../client/client-internals.ts';
import { isClientsOwn, replace } from './replace-method.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { SharedSeries } from './shared-series.ts';

/** Makes the child of a series for `labels()`. `known`: the series of these labels, if it exists. */
export type MakeChild = (labels: ClientLabels, known: SharedSeries | undefined) => object;

export const NO_LABELS: ClientLabels = {};

/**
 * Replaces `labels()`. Calls with the labels of a known series return the same child and allocate nothing. The client's own
 * `labels()` is called if `make` returns undefined or `isActive` returns false. It also throws the errors for invalid arguments.
 */
export function replaceLabels(
  metric: SharedMetric,
  make: (...args: Parameters<MakeChild>) => object | undefined,
  isActive: () => boolean = () => true,
): void {
  const { client } = metric;
  if (!isClientsOwn(client, 'labels')) return;
  const clientsLabels = client.labels as (...args: unknown[]) => unknown;
  const names = client.labelNames;
  const count = names.length;
  const makeChild = (known: SharedSeries | undefined, ...args: unknown[]): unknown => {
    const labels = known?.labels ?? labelsOf(names, args);
    const child = labels && make(labels, known);
    if (child === undefined) return clientsLabels.apply(client, args);
    if (known !== undefined) known.child = child;
    return child;
  };
  // V8 creates no array for a rest parameter that is only read and spread.
  replace(client, 'labels', (...args: unknown[]) => {
    if (!isActive()) return clientsLabels.call(client, ...args);
    const first = args[0];
    let known: SharedSeries | undefined;
    if (typeof first === 'object') known = metric.known((first ?? NO_LABELS) as ClientLabels);
    else if (args.length === count) known = metric.knownAt(...args);
    return known?.child ?? makeChild(known, ...args);
  });
}

/** Undefined if the number of values differs from the number of label names. */
function labelsOf(names: readonly string[], args: readonly unknown[]): ClientLabels | undefined {
  if (typeof args[0] === 'object') return (args[0] ?? NO_LABELS) as ClientLabels;
  if (names.length !== args.length) return undefined;
  return Object.fromEntries(names.map((name, i) => [name, args[i]]));
}
