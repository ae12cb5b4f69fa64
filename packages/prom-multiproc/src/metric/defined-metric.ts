import { defineMetric, labelPairs } from '../client/client-definition.ts';
import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import type { LabelPair, MetricDefinition } from '../format/layout.ts';
import { ascendingBounds } from '../util/buckets.ts';

/** The registry through which a metric is shared. */
export interface MetricRegistry {
  /** See `ShareOptions.name`. */
  readonly name: string | undefined;
  /** The labels that prom-client adds to every series of the registry. */
  readonly defaultLabels: ClientLabels;
}

/**
 * The definition and labels of a metric as they are in the slot file, including the default labels of its registry. Default
 * labels may differ between processes (such as a worker id): counts keep the labels with which they were made.
 */
export class DefinedMetric {
  readonly #client: ClientMetric;
  #registry: MetricRegistry;
  #bounds: readonly number[] | undefined;
  #definition: MetricDefinition | undefined;
  /** A copy made with `#definition`: the application may change its object. */
  #defaults: ClientLabels = {};

  constructor(client: ClientMetric, registry: MetricRegistry) {
    this.#client = client;
    this.#registry = registry;
  }

  get registry(): MetricRegistry {
    return this.#registry;
  }

  /** In ascending order: upper bounds of a histogram without +Inf, or quantiles of a summary. */
  get bounds(): readonly number[] {
    this.#bounds ??= ascendingBounds(this.#client.upperBounds ?? this.#client.percentiles);
    return this.#bounds;
  }

  /** @throws Error while prom-client's constructor of the metric is running */
  get definition(): MetricDefinition {
    if (this.#definition === undefined) {
      this.#defaults = withTexts(this.#registry.defaultLabels);
      const ofLine = LABEL_OF_LINE.get(this.#client.type);
      if (ofLine !== undefined) delete this.#defaults[ofLine];
      this.#definition = defineMetric(
        this.#client,
        this.bounds,
        this.#registry.name,
        Object.keys(this.#defaults),
      );
    }
    return this.#definition;
  }

  /** Applies the current default labels of `registry`. The metric must not be bound to a slot. */
  redefine(registry: MetricRegistry = this.#registry): void {
    this.#registry = registry;
    this.#definition = undefined;
  }

  /** The labels of a series as stored in the file. */
  pairs(labels: ClientLabels): LabelPair[] {
    const { labelNames, type } = this.definition;
    const own = labelPairs(labelNames, labels);
    const added = labelPairs(labelNames, this.#defaults).filter(([index]) =>
      own.every(([other]) => other !== index),
    );
    // The order in which prom-client prints them.
    return type === 'histogram' ? [...added, ...own] : [...own, ...added];
  }

  /** The labels of a series as in prom-client's JSON. */
  inJson(labels: ClientLabels): ClientLabels {
    this.definition;
    return withDefaults(labels, this.#defaults);
  }
}

/** A label that lines of a metric have. As a default label it would be there twice, and Prometheus would reject the page. */
const LABEL_OF_LINE: ReadonlyMap<string | undefined, string> = new Map([
  ['histogram', 'le'],
  ['summary', 'quantile'],
]);

/** Drops labels whose values cannot be converted to a string, so that counting never throws because of them. */
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

/** Adds the default labels. A label of the series takes precedence unless its value is an empty string. */
export function withDefaults(labels: ClientLabels, defaults: ClientLabels): ClientLabels {
  const all = { ...labels };
  for (const name of Object.keys(defaults)) all[name] ||= defaults[name];
  return all;
}
