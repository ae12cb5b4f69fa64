import type { Family } from '../merge/family.ts';
import { formatValue } from '../util/text-writer.ts';
import { LineTemplate } from './line-template.ts';

const uniform = new WeakMap<Family, LineTemplate[][]>();

/** Returns the line templates of a family with one set of bounds: see `templatesOf`. */
export function uniformTemplates(family: Family, openMetrics: boolean): LineTemplate[] {
  const made = uniform.get(family) ?? [];
  uniform.set(family, made);
  made[Number(openMetrics)] ??= templatesOf(family, family.boundSets[0]!, openMetrics);
  return made[Number(openMetrics)]!;
}

/**
 * Returns the line templates of a series, in the order of its values: see `SeriesRows`. The label order is prom-client's.
 */
export function templatesOf(
  { name, type }: Family,
  bounds: readonly number[],
  openMetrics: boolean,
): LineTemplate[] {
  if (type === 'histogram') {
    const buckets = [...bounds, Infinity].map((bound) => {
      return new LineTemplate(`${name}_bucket`, [['le', formatValue(bound)]]);
    });
    return [...buckets, new LineTemplate(`${name}_sum`), new LineTemplate(`${name}_count`)];
  }
  if (type === 'summary') {
    const quantiles = bounds.map((quantile) => {
      return new LineTemplate(name, [['quantile', formatValue(quantile)]]);
    });
    const [sum, count] = ['_sum', '_count'].map((end) => new LineTemplate(name + end));
    return [...quantiles, sum!, count!];
  }
  const suffix = openMetrics && type === 'counter' && !name.endsWith('_total') ? '_total' : '';
  return [new LineTemplate(`${name}${suffix}`)];
}
