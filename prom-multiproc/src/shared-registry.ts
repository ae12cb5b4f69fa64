import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { DirectoryReader } from './directory-reader.ts';
import { Family } from './family.ts';
import { asClientAggregates, familyToJson, type JsonMetric, withDefaultLabels } from './json-format.ts';
import { loadLibc } from './libc.ts';
import type { ProcessSlot } from './process-slot.ts';
import type { ClientMetric, ClientRegistry } from './prom-client-internals.ts';
import { selfMetrics } from './self-metrics.ts';
import { SharedMetric } from './shared-metric.ts';
import { joinBlocks, renderFamily, type TextOptions } from './text-format.ts';

/** A family with the array its `base` indexes point into. */
export interface Shown {
  readonly family: Family;
  readonly totals: Float64Array;
}

/** A registry whose metrics count in the slot of the process, and whose output is that of all processes. */
export class SharedRegistry {
  readonly #register: ClientRegistry;
  readonly #slot: ProcessSlot;
  readonly #showSelf: boolean;
  readonly #clientText: ClientRegistry['getMetricsAsString'];
  #reader: DirectoryReader | undefined;
  #textKey = '';

  constructor(register: ClientRegistry, slot: ProcessSlot, showSelf: boolean) {
    this.#register = register;
    this.#showSelf = showSelf;
    this.#slot = slot;
    this.#clientText = register.getMetricsAsString.bind(register);
    for (const metric of this.#registered()) slot.attach(metric);
    this.#captureRegistration();
    this.#captureRemoval();
    register.metrics = () => this.text();
    register.getMetricsAsString = (metric) => this.#textOf(metric);
    register.getMetricsAsJSON = () => this.#json();
    shared.add(this);
  }

  /** The text of the whole application. @throws Error where its totals cannot be had. */
  async text(): Promise<string> {
    await this.#collectAll();
    const reader = this.#read();
    const options = this.#textOptions(reader);
    const blocks: (string | Promise<string>)[] = [];
    for (const metric of this.#registered()) blocks.push(this.#block(metric, reader, options));
    for (const { family, totals } of this.#others(reader)) blocks.push(renderFamily(family, totals, options));
    return joinBlocks(await Promise.all(blocks), options);
  }

  #captureRegistration(): void {
    const register = this.#register;
    const registerMetric = register.registerMetric.bind(register);
    register.registerMetric = (metric) => {
      registerMetric(metric);
      this.#slot.attach(metric);
    };
  }

  #captureRemoval(): void {
    const register = this.#register;
    for (const method of ['clear', 'removeSingleMetric'] as const) {
      const remove = register[method].bind(register) as (...args: unknown[]) => void;
      register[method] = (...args: unknown[]) => {
        const before = this.#registered();
        remove(...args);
        for (const metric of before) if (!isRegistered(metric)) this.#slot.detach(metric);
      };
    }
  }

  has(metric: ClientMetric): boolean {
    return this.#register._metrics[metric.name] === metric;
  }

  async #textOf(metric: ClientMetric): Promise<string> {
    await this.#slot.collect(metric);
    const reader = this.#read();
    return this.#block(metric, reader, this.#textOptions(reader));
  }

  /** `getMetricsAsJSON()` of what this process's slot alone holds. */
  async ownJson(): Promise<unknown[]> {
    await this.#collectAll();
    const { number, directory } = this.#slot;
    this.#slot.bindAll();
    if (number === undefined) return [];
    const reader = new DirectoryReader(loadLibc(), directory, () => {}, number);
    try {
      reader.refresh();
      const { families, totals } = reader;
      return [...families.values()].map((family) =>
        asClientAggregates(familyToJson({ family, totals }, this.#register._defaultLabels), number),
      );
    } finally {
      reader.close();
    }
  }

  async #json(): Promise<MetricObjectWithValues<MetricValue<string>>[]> {
    await this.#collectAll();
    const registered = await Promise.all(this.#registered().map((client) => this.#forJson(client)));
    const reader = this.#read();
    const defaults = this.#register._defaultLabels;
    const objects: unknown[] = registered.map((one) =>
      one instanceof SharedMetric ? familyToJson(this.#shown(one, reader), defaults, one) : one,
    );
    for (const shown of this.#others(reader)) objects.push(familyToJson(shown, defaults));
    return objects as MetricObjectWithValues<MetricValue<string>>[];
  }

  /** What is not prom-client's own metric says itself what it shows. */
  async #forJson(client: ClientMetric): Promise<SharedMetric | JsonMetric> {
    const metric = this.#slot.attached(client);
    return metric ?? withDefaultLabels((await client.get()) as JsonMetric, this.#register._defaultLabels);
  }

  #registered(): ClientMetric[] {
    return Object.values(this.#register._metrics);
  }

  async #collectAll(): Promise<void> {
    await Promise.all(this.#registered().map((metric) => this.#slot.collect(metric)));
  }

  #block(metric: ClientMetric, reader: DirectoryReader, options: TextOptions): string | Promise<string> {
    const attached = this.#slot.attached(metric);
    if (attached === undefined) return this.#clientText(metric);
    const { family, totals } = this.#shown(attached, reader);
    return renderFamily(family, totals, options);
  }

  #shown(metric: SharedMetric, { families, totals }: DirectoryReader): Shown {
    const family = families.get(metric.client.name);
    if (family !== undefined && family.type !== metric.definition.type) {
      this.#slot.warnOtherType(metric.definition, family.type);
    }
    return family === undefined ? unwritten(metric) : { family, totals };
  }

  /** What other processes count and this registry does not have, then the metrics of the sharing itself. */
  *#others(reader: DirectoryReader): Generator<Shown> {
    const { families, totals } = reader;
    const hidden = new Set(this.#slot.names());
    for (const [name, family] of families) {
      if (this.#register._metrics[name] === undefined && !hidden.has(name)) yield { family, totals };
    }
    if (this.#showSelf) yield* selfMetrics(reader.status, Date.now() / 1000);
  }

  #read(): DirectoryReader {
    const slot = this.#slot;
    if (slot.failure !== undefined) throw slot.failure;
    slot.bindAll();
    try {
      this.#reader ??= new DirectoryReader(loadLibc(), slot.directory, (path, error) =>
        slot.warnUnreadable(path, error),
      );
      this.#reader.refresh();
    } catch (error) {
      throw slot.cannotShare(error);
    }
    return this.#reader;
  }

  #textOptions({ families }: DirectoryReader): TextOptions {
    const options = {
      openMetrics: this.#register.contentType.startsWith('application/openmetrics-text'),
      defaultLabels: this.#register._defaultLabels,
    };
    const key = JSON.stringify(options);
    if (key !== this.#textKey) {
      for (const { series } of families.values()) for (const one of series.values()) one.prefixes = undefined;
      this.#textKey = key;
    }
    return options;
  }
}

const shared = new Set<SharedRegistry>();

function isRegistered(metric: ClientMetric): boolean {
  return [...shared].some((registry) => registry.has(metric));
}

/** A metric that no process has written to yet: its unlabelled series show their first value, as in prom-client. */
function unwritten(metric: SharedMetric): Shown {
  const { definition } = metric;
  const family = new Family(definition);
  const totals: number[] = [];
  for (const { labels, values } of metric.series()) {
    const pairs = labels.map(([index, value]) => [definition.labelNames[index]!, value] as const);
    family.series.set(JSON.stringify(pairs), {
      labels: pairs,
      parts: [{ bounds: definition.type === 'histogram' ? definition.bounds : [], base: totals.length }],
      gaugeValues: [{ slot: 0, value: values[0]!, time: 0 }],
      prefixes: undefined,
    });
    totals.push(...values);
  }
  return { family, totals: Float64Array.from(totals) };
}
