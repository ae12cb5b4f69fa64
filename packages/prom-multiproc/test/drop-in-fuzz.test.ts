/**
 * Performs the same random calls on a shared and a plain registry and compares their output, in text and in protobuf. FUZZ_ROUNDS sets the number of
 * registries, FUZZ_SEED the seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { convertText, renderPage } from '../src/exposition/page.ts';
import { TEXT } from '../src/exposition/page-format.ts';
import { sharedRegistry } from '../src/share.ts';
import { textOfPage } from './support/protobuf-text.ts';
import { Random } from './support/random.ts';
import { twinRegistries } from './support/twin-registries.ts';

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 150);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const STEPS = 60;
const PROTOBUF = { ...TEXT, syntax: 'protobuf' } as const;

type Metric = Record<string, (...args: unknown[]) => unknown>;

/** A call that can be made on each of two metrics. */
type Act = (metric: Metric) => unknown;

// @prometheus-io/client, and prom-client after 15.1.3, do not distinguish an empty label value from a missing one. This library does.
const EMPTY = 'store' in new client.Counter({ name: 'probe', help: 'P', registers: [] }) ? [] : [''];
const VALUES = [...EMPTY, '1', 1, 'two words', '"\\\n', 'ü', '🙂', 'undefined', 'null', 'a'.repeat(30)];
const AMOUNTS = [0, 1, 0.5, 2.5, 3, 1e-9, 1e15, 7, 0.1];

function labels(random: Random): Record<string, unknown> {
  const pairs = ['x', 'y', 'z']
    .filter(() => random.int(3) > 0)
    .map((name) => [name, random.pick(VALUES)] as const);
  // Always in the same order, because a series keeps the order in which it was first counted.
  return Object.fromEntries(pairs);
}

/** Keeps bound children, so that they are used again after their series was removed or reset. */
class Children {
  readonly #children = new Map<number, WeakMap<Metric, Metric>>();

  of(metric: Metric, which: number, own: object): Metric {
    const made = this.#children.get(which) ?? new WeakMap<Metric, Metric>();
    this.#children.set(which, made);
    let child = made.get(metric);
    if (child === undefined) {
      child = metric.labels!(own) as Metric;
      made.set(metric, child);
    }
    return child;
  }
}

function randomAct(kind: string, random: Random, children: Children, fixed: object[]): Act {
  const own = labels(random);
  const amount = random.pick(AMOUNTS);
  const which = random.int(fixed.length);
  const child = (metric: Metric) => children.of(metric, which, fixed[which]!);
  const acts: Record<string, Act[]> = {
    counter: [
      (metric) => metric.inc!(own, amount),
      (metric) => metric.inc!(own),
      (metric) => child(metric).inc!(amount),
      (metric) => child(metric).inc!(),
    ],
    gauge: [
      (metric) => metric.set!(own, amount),
      (metric) => metric.inc!(own, amount),
      (metric) => metric.dec!(own),
      (metric) => child(metric).set!(amount),
      (metric) => child(metric).dec!(amount),
    ],
    histogram: [
      (metric) => metric.observe!(own, amount),
      (metric) => child(metric).observe!(amount),
      (metric) => child(metric).observe!(-amount),
      (metric) => metric.zero!(own),
    ],
    summary: [(metric) => metric.observe!(own, amount), (metric) => child(metric).observe!(amount)],
  };
  const rare: Act[] = [
    (metric) => metric.remove!(own),
    (metric) => metric.remove!(fixed[which]),
    (metric) => metric.reset!(),
  ];
  return random.pick(random.int(10) === 0 ? rare : acts[kind]!);
}

/** Sorted lines, because a series that was removed and counted again keeps its place. Without quantiles, which are not shared. */
const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => !line.includes('quantile="'))
    .sort();

test(`${ROUNDS} registries with random calls show the same as prom-client, and the same in protobuf`, async (t) => {
  const random = new Random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const { shared, plain } = twinRegistries(t);
    const kinds = {
      counter: (registers: client.Registry[]) =>
        new client.Counter({ name: 'counter_total', help: 'C', labelNames: ['x', 'y', 'z'], registers }),
      gauge: (registers: client.Registry[]) =>
        new client.Gauge({ name: 'gauge', help: 'G', labelNames: ['z', 'x', 'y'], registers }),
      histogram: (registers: client.Registry[]) =>
        new client.Histogram({
          name: 'h',
          help: 'H',
          labelNames: ['x', 'y', 'z'],
          buckets: [1, 3],
          registers,
        }),
      summary: (registers: client.Registry[]) =>
        new client.Summary({ name: 's', help: 'S', labelNames: ['x', 'y', 'z'], registers }),
    };
    const metrics = Object.entries(kinds).map(([kind, make]) => {
      const twins = [make([shared]), make([plain])] as unknown as Metric[];
      const fixed = [labels(random), labels(random), labels(random)];
      return { kind, twins, fixed, children: new Children() };
    });
    for (let step = 0; step < STEPS; step++) {
      const { kind, twins, fixed, children } = random.pick(metrics);
      const act = randomAct(kind, random, children, fixed);
      // Both get the same random call.
      for (const metric of twins) act(metric);
      if (step % 12 === 11) {
        const where = `FUZZ_SEED=${SEED}, round ${round}, step ${step}`;
        const [text, plainText] = [await shared.metrics(), await plain.metrics()];
        assert.deepEqual(lines(text), lines(plainText), where);
        assert.equal(textOfPage((await sharedRegistry(shared)!.page(PROTOBUF))!), text, where);
        assert.equal(
          textOfPage(renderPage(convertText(plainText, TEXT, PROTOBUF), PROTOBUF)),
          plainText,
          where,
        );
      }
    }
  }
});
