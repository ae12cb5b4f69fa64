/**
 * Checks that the cost of the dashboards does not grow with the number of replicas: they read only recorded totals, and of other series
 * only exemplars, whose number is limited.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const files = (pattern: string) => globSync(pattern, { cwd: ROOT });

interface Rule {
  readonly record?: string;
  readonly expr: string;
}

interface Target {
  readonly expr: string;
  readonly exemplar?: boolean;
}

const recorded = files('prometheus/rules/*.yml')
  .flatMap((path) => (parse(text(path)) as { groups: { rules: Rule[] }[] }).groups)
  .flatMap(({ rules }) => rules)
  .flatMap(({ record, expr }) => (record === undefined ? [] : [{ record, expr: String(expr) }]));

const targets = files('grafana/dashboards/*.json')
  .flatMap((path) => (JSON.parse(text(path)) as { panels: { targets: Target[] }[] }).panels)
  .flatMap((panel) => panel.targets);
const queries = targets.filter(({ exemplar }) => exemplar !== true).map(({ expr }) => expr);

/** Returns the metrics that a query reads: its names that are no function, label or keyword. */
function metricsIn(query: string): string[] {
  const names = query
    .replace(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .match(/(?<![\w:.])[a-zA-Z_:][\w:]*\b(?!\s*\()/g);
  return (names ?? []).filter((name) => !/^(and|or|unless|offset|bool|e|inf|nan)$/i.test(name));
}

test('the metrics of a query are found', () => {
  const query = 'max by (a) (rate(x_total{job="b"}[5m])) / on (c) sum(y:z:rate5m) > 1e3 or up';
  assert.deepEqual(metricsIn(query), ['x_total', 'y:z:rate5m', 'up']);
});

test('each query of the dashboards reads only recorded series', () => {
  const names = new Set(recorded.map(({ record }) => record));
  assert.ok(queries.length > 30, `${queries.length} queries`);
  for (const query of queries) {
    const read = metricsIn(query);
    assert.ok(read.length > 0, query);
    for (const metric of read)
      assert.ok(names.has(metric), `${query} reads ${metric}, which no rule records`);
  }
});

test('a query for exemplars reads no samples: they would be ten years old', () => {
  const forExemplars = targets.filter(({ exemplar }) => exemplar === true);
  assert.ok(forExemplars.length > 0);
  for (const { expr } of forExemplars) assert.match(expr, /^\w+_bucket\{[^}]*\} offset 10y$/);
});

test('no recorded series has a label of one replica', () => {
  for (const { record, expr } of recorded) {
    if (metricsIn(expr).every((metric) => metric.includes(':'))) continue;
    assert.match(expr, /\b(sum|max)( by \(|\()/, record);
    assert.doesNotMatch(expr, /\b(without|instance|pod|worker)\b/, record);
  }
});

test('each recorded series is on a dashboard, in an alert, in another rule or on a page', () => {
  const readers = [
    ...queries,
    ...files('{prometheus/rules/*.yml,docs/**/*.md,kit/specs/*.ts}').map(text),
  ].join('\n');
  for (const { record } of recorded) {
    const uses = readers.split(record).length - 1 - recorded.filter((one) => one.record === record).length;
    assert.ok(uses > 0, record);
  }
});
