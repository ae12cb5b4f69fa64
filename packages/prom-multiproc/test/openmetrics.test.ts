/** Pages in OpenMetrics are valid for the strict parser of Prometheus' Python client, and have the same series as those in text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import type { PageFormat } from '../src/exposition/page-format.ts';
import { sharedRegistry } from '../src/share.ts';
import { parseOpenMetrics } from './support/parse-openmetrics.ts';
import { decodePage, samplesOf } from './support/protobuf-text.ts';
import type { Scenarios } from './support/scenarios/scenario.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { twinRegistries } from './support/twin-registries.ts';

/** What OpenMetrics cannot express. prom-client writes the same. */
const INVALID: Readonly<Record<string, string>> = {
  'an empty registry': 'Received blank line',
  histograms: 'Cannot have _sum with negative buckets: c',
};

const SHOWN: Scenarios = {
  ...SCENARIOS,
  'names that clash or are empty without _total': (register, { Counter, Gauge, Histogram }) => {
    const config = { help: 'H', registers: [register] };
    new Gauge({ ...config, name: 'jobs' }).set(3);
    new Counter({ ...config, name: 'jobs_total' }).inc(2);
    new Histogram({ ...config, name: 'tasks', buckets: [0.5] }).observe(1);
    new Counter({ ...config, name: 'tasks_total' }).inc(5);
    new Counter({ ...config, name: 'x_total' }).inc(7);
    new Gauge({ ...config, name: 'x_created' }).set(8);
    new Counter({ ...config, name: '_total' }).inc(9);
  },
  'counters without _total': (register, { Counter, Gauge, Histogram }) => {
    const config = { help: 'H', labelNames: ['x'], registers: [register] };
    new Counter({ ...config, name: 'requests' }).inc({ x: '1' }, 2);
    new Counter({ ...config, name: 'unused' });
    new Gauge({ ...config, name: 'each', aggregator: 'all' as never }).set({ x: 'a"\n' }, 1.5);
    new Histogram({ ...config, name: 'seconds', buckets: [0.5, 1] }).observe({ x: '1' }, 0.75);
  },
};

function number(text: string): number {
  return Number(text.replace('inf', 'Infinity'));
}

const key = (name: string, labels: Record<string, string>, value: number) =>
  JSON.stringify([name, Object.entries(labels).sort(), String(value)]);

for (const addsTotal of [true, false]) {
  test(`the strict parser reads all series of a registry whose content type is ${addsTotal ? 'OpenMetrics' : 'text'}`, async (t) => {
    const pages: string[] = [];
    const messages: Uint8Array[] = [];
    const names = Object.keys(SHOWN);
    for (const name of names) {
      const { shared, both } = twinRegistries(
        t,
        addsTotal ? client.Registry.OPENMETRICS_CONTENT_TYPE : undefined,
      );
      both(SHOWN[name]!);
      const format: PageFormat = { syntax: 'openmetrics', addsTotal };
      const registry = sharedRegistry(shared)!;
      pages.push((await registry.page(format))!.toString());
      messages.push((await registry.page({ ...format, syntax: 'protobuf' }))!);
    }
    for (const [i, parsed] of parseOpenMetrics(pages).entries()) {
      const name = names[i]!;
      if (typeof parsed === 'string') {
        assert.equal(parsed, INVALID[name], name);
        continue;
      }
      const families = decodePage(messages[i]!);
      assert.deepEqual(
        parsed.flatMap(({ samples }) =>
          samples.map(([name, labels, value]) => key(name, labels, number(value))),
        ),
        families.flatMap(samplesOf).map(({ name, labels, value }) => {
          return key(name, Object.fromEntries(labels.map((label) => [label.name, label.value])), value);
        }),
        name,
      );
      assert.deepEqual(
        parsed.map(({ help }) => help),
        families.map(({ help }) => help),
      );
    }
    const [, counters] = /((?:.*\n)*?)# HELP each/.exec(pages.at(-1)!)!;
    assert.equal(
      counters,
      addsTotal
        ? '# HELP requests H\n# TYPE requests counter\nrequests_total{x="1"} 2\n# HELP unused H\n# TYPE unused counter\n'
        : '# HELP requests H\n# TYPE requests unknown\nrequests{x="1"} 2\n# HELP unused H\n# TYPE unused unknown\n',
    );
  });
}
