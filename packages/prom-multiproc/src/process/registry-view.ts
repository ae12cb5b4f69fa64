import type { ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import { isSelfMetric, selfMetrics } from '../exposition/self-metrics.ts';
import { joinBlocks, renderFamily, type TextOptions } from '../exposition/text-format.ts';
import { familyKey } from '../format/layout.ts';
import { DirectoryReader } from '../merge/directory-reader.ts';
import type { Family } from '../merge/family.ts';
import { localFamily } from '../merge/local-family.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import { bootTime } from '../os/boot-clock.ts';
import { loadLibc } from '../os/libc.ts';
import { type ForeignMetrics, foreignMetrics } from './foreign-metrics.ts';
import { asClientAggregates, familyToJson, type JsonMetric } from './json-format.ts';
import type { ProcessSlot } from './process-slot.ts';

/** A registry whose metrics a view shows. */
export interface ViewedRegistry {
  readonly register: ClientRegistry;
  /** See `ShareOptions.name`. */
  readonly name: string | undefined;
  /** `getMetricsAsString` of the client itself, for what is no metric of prom-client. */
  readonly clientText: ClientRegistry['getMetricsAsString'];
}

export interface ViewOptions {
  /** The registries that it shows: one, or several that are merged or aggregated. */
  readonly viewed: () => readonly ViewedRegistry[];
  /** Whether the `prom_multiproc_*` metrics end it. */
  readonly showsSelf: () => boolean;
  readonly contentType: () => string;
}

/**
 * What registries show: the totals of all processes. That does not depend on which of their metrics this process has made
 * itself, nor on the method by which it is asked.
 */
export class RegistryView {
  readonly #slot: ProcessSlot;
  readonly #options: ViewOptions;

  constructor(slot: ProcessSlot, options: ViewOptions) {
    this.#slot = slot;
    this.#options = options;
  }

  /** In the content type's format. @throws Error where the totals cannot be had. */
  async text(): Promise<string> {
    const foreign = await this.#collectAll((metric) => this.#foreign(metric).text(metric));
    const reader = this.#slot.read();
    const options = this.#textOptions();
    const blocks: string[] = [];
    for (const metric of this.#whole()) {
      const attached = this.#slot.attached(metric);
      const block = attached ? renderFamily(this.#shown(attached, reader), options) : foreign.get(metric);
      if (block !== undefined) blocks.push(block);
    }
    for (const family of this.#others(reader)) blocks.push(renderFamily(family, options));
    return joinBlocks(blocks, options);
  }

  /** One metric, without a last line feed. */
  async textOf(metric: ClientMetric): Promise<string> {
    await this.#slot.collect(metric);
    const attached = this.#slot.attached(metric);
    if (attached === undefined) return (await this.#foreign(metric).text(metric)) ?? '';
    return renderFamily(this.#shown(attached, this.#slot.read()), this.#textOptions());
  }

  /** The same by name, also where only other processes have the metric; undefined where none has. */
  async textOfName(name: string): Promise<string | undefined> {
    const metric = this.#registered().find((one) => one.name === name);
    if (metric !== undefined) return this.textOf(metric);
    const family = [...this.#others(this.#slot.read())].find((one) => one.name === name);
    return family && renderFamily(family, this.#textOptions());
  }

  /** All, or those of one aggregator, as in @prometheus-io/client. */
  async json(aggregator?: unknown): Promise<JsonMetric[]> {
    const foreign = await this.#collectAll((metric) => this.#foreign(metric).json(metric));
    const reader = this.#slot.read();
    const at = bootTime();
    const marked = (json: JsonMetric, name: string | undefined): JsonMetric => ({
      ...json,
      shared: { directory: this.#slot.identity(name), at },
    });
    const objects: JsonMetric[] = [];
    for (const client of this.#whole()) {
      const metric = this.#slot.attached(client);
      const object = metric
        ? marked(familyToJson(this.#shown(metric, reader), metric), metric.home.name)
        : foreign.get(client);
      if (object !== undefined) objects.push(object);
    }
    for (const family of this.#others(reader)) objects.push(marked(familyToJson(family), family.registry));
    return typeof aggregator === 'string'
      ? objects.filter((one) => (one.aggregator ?? 'sum') === aggregator)
      : objects;
  }

  /** What this process's slot alone holds, as text. */
  async ownText(): Promise<string> {
    const options = this.#textOptions();
    return joinBlocks(await this.#own((family) => renderFamily(family, options)), options);
  }

  /** What this process's slot alone holds, for prom-client to aggregate. */
  async ownJson(): Promise<JsonMetric[]> {
    return this.#own((family, slot) => ({
      ...asClientAggregates(familyToJson(family), slot),
      shared: { directory: this.#slot.identity(family.registry) },
    }));
  }

  async #own<T>(show: (family: Family, slot: number) => T): Promise<T[]> {
    await this.#collectAll(async () => {});
    const { number, directory } = this.#slot;
    this.#slot.bindAll();
    if (number === undefined) return [];
    const reader = new DirectoryReader(loadLibc(), directory, () => {}, number);
    try {
      reader.refresh();
      return [...this.#ofNames(reader)].map((family) => show(family, number));
    } finally {
      reader.close();
    }
  }

  #foreign(metric: ClientMetric): ForeignMetrics {
    const viewed = this.#options.viewed();
    return foreignMetrics(viewed.find((one) => has(one, metric)) ?? viewed[0]!, this.#slot);
  }

  /** Each once, also where several of the registries have it or one of its name. */
  #registered(): ClientMetric[] {
    const byName = new Map<string, ClientMetric>();
    for (const { register } of this.#options.viewed()) {
      for (const metric of register.getMetricsAsArray()) {
        const key = this.#slot.attached(metric)?.family ?? metric.name;
        if (!byName.has(key)) byName.set(key, metric);
      }
    }
    return [...byName.values()];
  }

  /** Without those whose constructor threw after it had registered the metric: they have no type. */
  #whole(): ClientMetric[] {
    return this.#registered().filter((metric) => this.#slot.attached(metric)?.isComplete !== false);
  }

  /** Has all metrics collected and, at the same time, asks those that are not prom-client's own. */
  async #collectAll<T>(ask: (metric: ClientMetric) => Promise<T>): Promise<ReadonlyMap<ClientMetric, T>> {
    const answers = new Map<ClientMetric, T>();
    await Promise.all(
      this.#registered().map(async (metric) => {
        if (this.#slot.attached(metric) === undefined) answers.set(metric, await ask(metric));
        else await this.#slot.collect(metric);
      }),
    );
    return answers;
  }

  #shown(metric: SharedMetric, { families }: DirectoryReader): Family {
    const family = families.get(metric.family);
    if (family !== undefined && family.type !== metric.definition.type) {
      this.#slot.warnOtherType(metric.definition, family.type);
    }
    // What no process has written to yet shows the first values of its unlabelled series, as in prom-client.
    return family ?? localFamily(metric.definition, metric.series());
  }

  /** What other processes count in registries of these names, then the metrics of the sharing itself. */
  *#others(reader: DirectoryReader): Generator<Family> {
    const shown = new Set(
      this.#registered().map((metric) => this.#slot.attached(metric)?.family ?? metric.name),
    );
    const elsewhere = this.#slot.families();
    for (const family of this.#ofNames(reader)) {
      const key = familyKey(family);
      if (shown.has(key)) continue;
      // It is kept apart from another registry of this process, as in prom-client.
      if (family.registry === undefined && elsewhere.has(key)) continue;
      if (this.#slot.hasRetired(key) && !family.hasValues) continue;
      yield family;
    }
    if (!this.#options.showsSelf()) return;
    for (const family of selfMetrics(reader.status, reader.families)) {
      if (!shown.has(family.name)) yield family;
    }
  }

  *#ofNames({ families }: DirectoryReader): Generator<Family> {
    const names = new Set(this.#options.viewed().map(({ name }) => name));
    for (const family of families.values()) {
      if (names.has(family.registry) && !isSelfMetric(family.name)) yield family;
    }
  }

  #textOptions(): TextOptions {
    return { openMetrics: this.#options.contentType().startsWith('application/openmetrics-text') };
  }
}

function has({ register }: ViewedRegistry, metric: ClientMetric): boolean {
  return register.getSingleMetric(metric.name) === metric;
}
