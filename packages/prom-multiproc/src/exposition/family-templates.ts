import type { Family } from '../merge/family.ts';
import { formatValue } from '../util/text-writer.ts';
import { LineFrame } from './line-template.ts';

/**
 * The frames of the lines of a series, in the order of its values: see `SeriesRows`. The places of labels are prom-client's.
 */
export function framesOf(
  { name, type }: Family,
  bounds: readonly number[],
  openMetrics: boolean,
): LineFrame[] {
  if (type === 'histogram') {
    const buckets = [...bounds, Infinity].map((bound) => {
      return new LineFrame(`${name}_bucket`, [['le', formatValue(bound)]]);
    });
    return [...buckets, new LineFrame(`${name}_sum`), new LineFrame(`${name}_count`)];
  }
  if (type === 'summary') {
    const quantiles = bounds.map((quantile) => {
      return new LineFrame(name, [['quantile', formatValue(quantile)]]);
    });
    const [sum, count] = ['_sum', '_count'].map((end) => new LineFrame(name + end));
    return [...quantiles, sum!, count!];
  }
  const suffix = openMetrics && type === 'counter' && !name.endsWith('_total') ? '_total' : '';
  return [new LineFrame(`${name}${suffix}`)];
}
