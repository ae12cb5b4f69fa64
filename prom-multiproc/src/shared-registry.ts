import { DirectoryReader } from './directory-reader.ts';
import type { Family } from './family.ts';
import { asClientAggregates, familyToJson, type JsonMetric, withDefaultLabels } from './json-format.ts';
import { loadLibc } from './libc.ts';
import { localFamily } from './local-family.ts';
import type { ProcessSlot } from './process-slot.ts';
import type { ClientMetric, ClientRegistry } from './prom-client-internals.ts';
import { isSelfMetric, selfMetrics } from './self-metrics.ts';
import { SharedMetric } from './shared-metric.ts';
import { joinBlocks, renderFamily, type TextOptions } from './text-format.ts';

/** A registry whose metrics count in the slot of the process, and whose output is that of all processes. */
export class SharedRegistry {
  readonly #register: ClientRegistry;
  readonly #slot: ProcessSlot;
  readonly #showSelf: boolean;
  readonly #clientText: ClientRegistry['getMetricsAsString'];

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
    register.getMetricsAsJSON = (aggregator) => this.#json(aggregator);
    this.#keep();
  }

  /** The text of the whole application. @throws Error where its totals cannot be had. */
  async text(): Promise<string> {
    await this.#collectAll();
    const reader = this.#slot.read();
    const options = this.#textOptions();
    const blocks: (string | Promise<string>)[] = [];
    for (const metric of this.#whole()) blocks.push(this.#block(metric, reader, options));
    for (const family of this.#others(reader)) blocks.push(renderFamily(family, options));
    return joinBlocks(await Promise.all(blocks), options);
  }

  /** Reads what other processes have published, a slot a step, before anybody asks for it. */
  readAhead(): Generator<void> {
    return this.#slot.readAhead();
  }

  #captureRegistration(): void {
    const register = this.#register;
    const registerMetric = register.registerMetric.bind(register);
    register.registerMetric = (metric) => {
      registerMetric(metric);
      this.#keep();
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
        this.#keep();
        for (const metric of before) if (!isRegistered(metric)) this.#slot.detach(metric);
      };
    }
  }

  /** An application may make registries without end: one that is cleared is held no longer. */
  #keep(): void {
    if (this.#registered().length > 0) shared.add(this);
    else shared.delete(this);
  }

  has(metric: ClientMetric): boolean {
    return this.#register.getSingleMetric(metric.name) === metric;
  }

  async #textOf(metric: ClientMetric): Promise<string> {
    await this.#slot.collect(metric);
    const reader = this.#slot.read();
    return this.#block(metric, reader, this.#textOptions());
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
      const counted = [...reader.families.values()].filter(({ name }) => !isSelfMetric(name));
      return counted.map((family) =>
        asClientAggregates(familyToJson(family, this.#register._defaultLabels), number),
      );
    } finally {
      reader.close();
    }
  }

  /** All, or those of one aggregator, as in @prometheus-io/client. */
  async #json(aggregator?: unknown): Promise<unknown[]> {
    await this.#collectAll();
    const registered = await Promise.all(this.#whole().map((client) => this.#forJson(client)));
    const reader = this.#slot.read();
    const defaults = this.#register._defaultLabels;
    const objects = registered.map((one) =>
      one instanceof SharedMetric ? familyToJson(this.#shown(one, reader), defaults, one) : one,
    );
    for (const family of this.#others(reader)) objects.push(familyToJson(family, defaults));
    return typeof aggregator === 'string'
      ? objects.filter((one) => (one.aggregator ?? 'sum') === aggregator)
      : objects;
  }

  /** What is not prom-client's own metric says itself what it shows. */
  async #forJson(client: ClientMetric): Promise<SharedMetric | JsonMetric> {
    const metric = this.#slot.attached(client);
    return metric ?? withDefaultLabels((await client.get()) as JsonMetric, this.#register._defaultLabels);
  }

  #registered(): ClientMetric[] {
    return this.#register.getMetricsAsArray();
  }

  /** Without those whose constructor threw after it had told the registry: they have no type. */
  #whole(): ClientMetric[] {
    return this.#registered().filter((metric) => this.#slot.attached(metric)?.isComplete !== false);
  }

  async #collectAll(): Promise<void> {
    await Promise.all(this.#registered().map((metric) => this.#slot.collect(metric)));
  }

  #block(metric: ClientMetric, reader: DirectoryReader, options: TextOptions): string | Promise<string> {
    const attached = this.#slot.attached(metric);
    if (attached === undefined) return this.#clientText(metric);
    return renderFamily(this.#shown(attached, reader), options);
  }

  #shown(metric: SharedMetric, { families }: DirectoryReader): Family {
    const family = families.get(metric.client.name);
    if (family !== undefined && family.type !== metric.definition.type) {
      this.#slot.warnOtherType(metric.definition, family.type);
    }
    // What no process has written to yet shows the first values of its unlabelled series, as in prom-client.
    return family ?? localFamily(metric.definition, metric.series());
  }

  /** What other processes count and this registry does not have, then the metrics of the sharing itself. */
  *#others(reader: DirectoryReader): Generator<Family> {
    const { families } = reader;
    const hidden = new Set(this.#slot.names());
    for (const [name, family] of families) {
      if (isSelfMetric(name)) continue;
      if (this.#register.getSingleMetric(name) === undefined && !hidden.has(name)) yield family;
    }
    if (!this.#showSelf) return;
    for (const family of selfMetrics(reader.status, Date.now() / 1000, families)) {
      if (this.#register.getSingleMetric(family.name) === undefined) yield family;
    }
  }

  #textOptions(): TextOptions {
    return {
      openMetrics: this.#register.contentType.startsWith('application/openmetrics-text'),
      defaultLabels: this.#register._defaultLabels,
    };
  }
}

/** Those that have metrics. */
const shared = new Set<SharedRegistry>();

function isRegistered(metric: ClientMetric): boolean {
  return [...shared].some((registry) => registry.has(metric));
}
