import type { LabelPair } from './layout.ts';

/**
 * The identity of a series within its metric: label names and values, whatever the order of the labels. Lengths make it
 * unambiguous: no value, whatever it holds, can look like another label.
 */
export function seriesKey(labelNames: readonly string[], labels: readonly LabelPair[]): string {
  if (labels.length === 0) return '';
  const parts = labels.map(([index, value]) => `${labelNames[index]}=${value.length}:${value}`);
  if (parts.length > 1) parts.sort();
  return parts.join();
}
