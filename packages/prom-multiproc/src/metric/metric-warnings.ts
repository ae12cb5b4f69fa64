import type { MetricDefinition } from '../format/layout.ts';
import type { Warnings } from '../util/warnings.ts';

/** Warnings about the metrics of a process, each given once. */
export class MetricWarnings {
  readonly #warnings: Warnings;
  #namesakeTold = false;
  readonly #uncollected = new Set<string>();

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  unreadable(path: string, error: Error): void {
    this.#warnings.once(
      'PROM_MULTIPROC_UNREADABLE',
      `${path} is held at its last good values: ${error.message}`,
    );
  }

  /** As with collectDefaultMetrics() for two registries. Reported for the first name only: they come by the dozen. */
  namesake(name: string, isOne: () => boolean): void {
    if (this.#namesakeTold || !isOne()) return;
    this.#namesakeTold = true;
    this.#warnings.once(
      'PROM_MULTIPROC_NAMESAKE',
      `two metrics of this process are named ${name}: what both count is added up, in each registry. Have one in both registries, or share() only one of these`,
    );
  }

  /** The rule for two versions of an application: see `DirectoryReader`. */
  otherType({ name, type }: MetricDefinition, shown: string): void {
    this.#warnings.once(
      'PROM_MULTIPROC_TYPE',
      `${name} is a ${type} here but a ${shown} in another process or an earlier one, and shown as such: clear the directory before the next start, or give it another name`,
    );
  }

  beyondLimit({ name }: MetricDefinition, limit: number): void {
    this.#warnings.once(
      'PROM_MULTIPROC_LIMIT',
      `${name} has ${limit} series in this process, the limit: further ones are not counted. Use labels with fewer values, or raise PROMETHEUS_MULTIPROC_MAX_SERIES or maxSeriesPerMetric`,
    );
  }

  unknownAggregator({ name, aggregator }: MetricDefinition): void {
    this.#warnings.once(
      'PROM_MULTIPROC_AGGREGATOR',
      `${name}: '${aggregator}' is not a defined aggregator, the values of all processes are added up`,
    );
  }

  refusedNaN({ name }: MetricDefinition): void {
    this.#warnings.once(
      'PROM_MULTIPROC_NAN',
      `${name}: NaN was not counted, for no later value would ever show again`,
    );
  }

  /** Once a metric: messages of errors may differ each time. */
  collectFailed(name: string, error: Error): void {
    if (this.#uncollected.has(name)) return;
    this.#uncollected.add(name);
    this.#warnings.once(
      'PROM_MULTIPROC_COLLECT',
      `collect() of ${name} failed: ${error.message}; it shows its last values until it can be collected`,
    );
  }
}
