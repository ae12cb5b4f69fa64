import type { ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import { type Block, convertText, renderFamily, renderPage } from '../exposition/page.ts';
import { formatOf, type PageFormat } from '../exposition/page-format.ts';
import { isSelfMetric, selfMetrics } from '../exposition/self-metrics.ts';
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

/** A registry that a view shows. */
export interface ViewedRegistry {
  readonly register: ClientRegistry;
  /** See `ShareOptions.name`. */
  readonly name: string | undefined;
  /** The client's own `getMetricsAsString`, for objects that are not prom-client metrics. */
  readonly clientText: ClientRegistry['getMetricsAsString'];
}

/** The metrics on a page. */
export interface Selection {
  /** The names of registries. */
  readonly names: ReadonlySet<string | undefined>;
  readonly selfMetrics: boolean;
}

export interface ViewOptions {
  /** The registries to show: one, or several that are merged or aggregated. */
  readonly viewed: () => readonly ViewedRegistry[];
  /** Whether to append the `prom_multiproc_*` metrics. */
  readonly showsSelfMetrics: () => boolean;
  readonly contentType: () => string;
}

/**
 * The output of registries: the totals of all processes. It is the same in every process and for every output method, also for
 * metrics that only other processes have created.
 */
export class RegistryView {
  readonly #slot: ProcessSlot;
  readonly #options: ViewOptions;

  constructor(slot: ProcessSlot, options: ViewOptions) {
    this.#slot = slot;
    this.#options = options;
  }

  /** What it shows of a directory. */
  get selection(): Selection {
    const names = new Set(this.#options.viewed().map(({ name }) => name));
    return { names, selfMetrics: this.#options.showsSelfMetrics() };
  }

  /** See `ShareOptions.includeCreatedTimestamps`. */
  get includesCreated(): boolean {
    return this.#slot.includesCreated;
  }

  /**
   * Whether any process had a metric with exemplars among those shown, when the slots were last read.
   * @throws Error if they were never read and cannot be
   */
  get hasExemplars(): boolean {
    const reader = this.#slot.lastRead;
    const having = [...reader.families.values()].filter((family) => family.hasExemplars);
    if (having.length === 0) return false;
    const own = this.#keys();
    if (having.some((family) => own.has(familyKey(family)))) return true;
    return [...this.#elsewhere(reader, own)].some((family) => family.hasExemplars);
  }

  /** Returns the totals in the format of the content type. @throws Error if they cannot be read */
  async text(): Promise<string> {
    return (await this.page()).toString();
  }

  /**
   * As `text()`, in another format or in UTF-8: a long page is sent in a fraction of the time of a string.
   * @throws UnknownTextError if the text of an object that is not a prom-client metric cannot be converted to the format
   */
  async page(format: PageFormat = this.#native): Promise<Buffer> {
    const foreign = await this.#collectAll((metric) => this.#foreign(metric).text(metric));
    const shown = { ...format, created: this.#slot.includesCreated };
    return renderPage(this.#blocks(this.#slot.read(), foreign, format), shown);
  }

  /** Returns one metric, without a final line feed. */
  async textOf(metric: ClientMetric): Promise<string> {
    await this.#slot.collect(metric);
    const attached = this.#slot.attached(metric);
    if (attached === undefined) return (await this.#foreign(metric).text(metric)) ?? '';
    return renderFamily(this.#shown(attached, this.#slot.read()), this.#native);
  }

  /** Returns the metric of this name, even if only other processes have it; undefined if no process has it. */
  async textOfName(name: string): Promise<string | undefined> {
    const metric = this.#registered().find((one) => one.name === name);
    if (metric !== undefined) return this.textOf(metric);
    const family = [...this.#others(this.#slot.read())].find((one) => one.name === name);
    return family && renderFamily(family, this.#native);
  }

  /** Returns all metrics, or only those of one aggregator, as @prometheus-io/client does. */
  async json(aggregator?: unknown): Promise<JsonMetric[]> {
    const foreign = await this.#collectAll((metric) => this.#foreign(metric).json(metric));
    const reader = this.#slot.read();
    const at = bootTime();
    const marked = (json: JsonMetric, name: string | undefined): JsonMetric => ({
      ...json,
      shared: { directory: this.#slot.identity(name), at },
    });
    const objects: JsonMetric[] = [];
    for (const client of this.#complete()) {
      const metric = this.#slot.attached(client);
      const object = metric
        ? marked(familyToJson(this.#shown(metric, reader), metric), metric.registry.name)
        : foreign.get(client);
      if (object !== undefined) objects.push(object);
    }
    for (const family of this.#others(reader)) objects.push(marked(familyToJson(family), family.registry));
    return typeof aggregator === 'string'
      ? objects.filter((one) => (one.aggregator ?? 'sum') === aggregator)
      : objects;
  }

  /** Returns the counts of this process's slot as text. */
  async ownText(): Promise<string> {
    return renderPage(await this.#own((family) => family), this.#native).toString();
  }

  /** Returns the counts of this process's slot in JSON, for aggregation by prom-client. */
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

  *#blocks(
    reader: DirectoryReader,
    foreign: ReadonlyMap<ClientMetric, string | undefined>,
    format: PageFormat,
  ): Generator<Block> {
    for (const metric of this.#complete()) {
      const attached = this.#slot.attached(metric);
      const text = foreign.get(metric);
      if (attached !== undefined) yield this.#shown(attached, reader);
      else if (text !== undefined) yield* convertText(text, this.#native, format);
    }
    yield* this.#others(reader);
  }

  #foreign(metric: ClientMetric): ForeignMetrics {
    const viewed = this.#options.viewed();
    return foreignMetrics(viewed.find((one) => has(one, metric)) ?? viewed[0]!, this.#slot);
  }

  /** The metrics of all viewed registries, one for each name. */
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

  /** Excludes metrics whose constructor threw after the registration: they have no type. */
  #complete(): ClientMetric[] {
    return this.#registered().filter((metric) => this.#slot.attached(metric)?.isComplete !== false);
  }

  /** Collects all metrics and, concurrently, asks the objects that are not prom-client metrics. */
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
    // Not written by any process yet: shows the initial values, as prom-client does.
    return family ?? localFamily(metric.definition, metric.series());
  }

  /** Metrics that only other processes have in registries of these names, then the self-metrics. */
  *#others(reader: DirectoryReader): Generator<Family> {
    const shown = this.#keys();
    yield* this.#elsewhere(reader, shown);
    if (!this.#options.showsSelfMetrics()) return;
    for (const family of selfMetrics(reader.status, reader.families)) {
      if (!shown.has(family.name)) yield family;
    }
  }

  /** `shown` are the keys of the families of its own metrics. */
  *#elsewhere(reader: DirectoryReader, shown: ReadonlySet<string>): Generator<Family> {
    const elsewhere = this.#slot.families();
    for (const family of this.#ofNames(reader)) {
      const key = familyKey(family);
      if (shown.has(key)) continue;
      // Another registry of this process has it: separate, as in prom-client.
      if (family.registry === undefined && elsewhere.has(key)) continue;
      if (this.#slot.hasRetired(key) && !family.hasValues) continue;
      yield family;
    }
  }

  /** The keys of the families of its metrics. */
  #keys(): Set<string> {
    return new Set(this.#registered().map((metric) => this.#slot.attached(metric)?.family ?? metric.name));
  }

  *#ofNames({ families }: DirectoryReader): Generator<Family> {
    const { names } = this.selection;
    for (const family of families.values()) {
      if (names.has(family.registry) && !isSelfMetric(family.name)) yield family;
    }
  }

  get #native(): PageFormat {
    return { ...formatOf(this.#options.contentType()), created: this.#slot.includesCreated };
  }
}

function has({ register }: ViewedRegistry, metric: ClientMetric): boolean {
  return register.getSingleMetric(metric.name) === metric;
}
