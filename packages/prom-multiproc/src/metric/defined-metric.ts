import { defineMetric, labelPairs } from '../client/client-definition.ts';
import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import type { LabelPair, MetricDefinition } from '../format/layout.ts';
import { ascendingBounds } from '../util/buckets.ts';

/** The registry that a metric is shared by. */
export interface MetricHome {
  /** See `ShareOptions.name`. */
  readonly name: string | undefined;
  /** The labels that prom-client adds to every series of the registry. */
  readonly defaultLabels: ClientLabels;
}

/**
 * What a metric is in the slot file: its definition and its labels, with the default labels of its registry. These differ
 * from process to process, such as a worker's id: each process's part keeps those it was counted with.
 */
export class DefinedMetric {
  readonly #client: ClientMetric;
  #home: MetricHome;
  #bounds: readonly number[] | undefined;
  #definition: MetricDefinition | undefined;
  /** As of `#definition`: the application may change its object. */
  #defaults: ClientLabels = {};

  constructor(client: ClientMetric, home: MetricHome) {
    this.#client = client;
    this.#home = home;
  }

  get home(): MetricHome {
    return this.#home;
  }

  /** Ascending: upper bounds of a histogram without +Inf, quantiles of a summary. */
  get bounds(): readonly number[] {
    this.#bounds ??= ascendingBounds(this.#client.upperBounds ?? this.#client.percentiles);
    return this.#bounds;
  }

  /** @throws Error while prom-client's constructor of the metric still runs. */
  get definition(): MetricDefinition {
    if (this.#definition === undefined) {
      this.#defaults = withTexts(this.#home.defaultLabels);
      this.#definition = defineMetric(
        this.#client,
        this.bounds,
        this.#home.name,
        Object.keys(this.#defaults),
      );
    }
    return this.#definition;
  }

  /** Takes up the present default labels of `home`. Nothing may be bound by the definition before. */
  redefine(home: MetricHome = this.#home): void {
    this.#home = home;
    this.#definition = undefined;
  }

  /** The labels of a series as they are in the file. */
  pairs(labels: ClientLabels): LabelPair[] {
    const { labelNames, type } = this.definition;
    const own = labelPairs(labelNames, labels);
    const added = labelPairs(labelNames, this.#defaults).filter(([index]) =>
      own.every(([other]) => other !== index),
    );
    // The places that prom-client gives them in a line.
    return type === 'histogram' ? [...added, ...own] : [...own, ...added];
  }

  /** The labels of a series as prom-client's JSON has them. */
  inJson(labels: ClientLabels): ClientLabels {
    this.definition;
    return withDefaults(labels, this.#defaults);
  }
}

/** Those labels whose values can be written: one that cannot must not keep the application from counting. */
function withTexts(labels: ClientLabels): ClientLabels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => hasText(value)));
}

function hasText(value: unknown): boolean {
  try {
    return String(value) !== undefined;
  } catch {
    return false;
  }
}

/** Default labels beside the own ones, which count where they are more than an empty text. */
export function withDefaults(labels: ClientLabels, defaults: ClientLabels): ClientLabels {
  const all = { ...labels };
  for (const name of Object.keys(defaults)) all[name] ||= defaults[name];
  return all;
}
