import type { LabelPair } from './layout.ts';

/**
 * A key for the series within its metric, independent of the order of the labels. It contains the length of each value and is
 * therefore unambiguous for any value.
 */
export function seriesKey(labelNames: readonly string[], labels: readonly LabelPair[]): string {
  if (labels.length === 0) return '';
  const parts = labels.map(([index, value]) => `${labelNames[index]}=${value.length}:${value}`);
  if (parts.length > 1) parts.sort();
  return parts.join();
}
