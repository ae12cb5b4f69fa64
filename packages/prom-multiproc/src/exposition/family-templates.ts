import type { Family } from '../merge/family.ts';
import { formatValue } from '../util/text-writer.ts';
import { LineTemplate } from './line-template.ts';
import { counterName, type PageFormat } from './page-format.ts';

const uniform = new WeakMap<Family, Map<boolean, LineTemplate[]>>();

/** Returns the line templates of a family with one set of bounds: see `templatesOf`. */
export function uniformTemplates(family: Family, format: PageFormat): LineTemplate[] {
  const byName = uniform.get(family) ?? new Map<boolean, LineTemplate[]>();
  uniform.set(family, byName);
  let made = byName.get(format.addsTotal);
  if (made === undefined) {
    made = templatesOf(family, family.boundSets[0]!, format);
    byName.set(format.addsTotal, made);
  }
  return made;
}

/**
 * Returns the line templates of a series, in the order of its values: see `SeriesRows`. The label order is prom-client's.
 */
export function templatesOf(
  { name, type }: Family,
  bounds: readonly number[],
  format: PageFormat,
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
  return [new LineTemplate(type === 'counter' ? counterName(name, format) : name)];
}
