import type { MetricDefinition, MetricType } from './format.ts';

/** One series of the merged view. */
export interface MergedSeries {
  /** In the order of the first process that made it. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Where its totals lie, once for each set of bounds its slots use: one but for histograms that changed theirs. */
  readonly parts: { readonly bounds: readonly number[]; readonly base: number }[];
  /** Values of live slots, in slot order; gauges only. */
  readonly gaugeValues: GaugeValue[];
  /** What the text format puts before each value; made when first rendered. */
  prefixes: readonly string[] | undefined;
}

export interface GaugeValue {
  readonly slot: number;
  readonly value: number;
  /** Unix time in seconds of the last write; 0 but for `mostrecent`. */
  readonly time: number;
}

/** One metric of the merged view: all slots' series under one name. */
export class Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** How the values of a gauge in several slots become one here. */
  readonly aggregator: string;
  /** What the application gave as its aggregator. */
  readonly declaredAggregator: string;
  readonly series = new Map<string, MergedSeries>();

  constructor(definition: MetricDefinition, aggregator = definition.aggregator) {
    this.name = definition.name;
    this.help = definition.help;
    this.type = definition.type;
    this.aggregator = aggregator;
    this.declaredAggregator = definition.aggregator;
  }
}
