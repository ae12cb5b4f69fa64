import type { MetricDefinition } from '../format/layout.ts';
import type { Warnings } from '../util/warnings.ts';

/** Warnings about the metrics of a process, each reported once. */
export class MetricWarnings {
  readonly #warnings: Warnings;
  #namesakeReported = false;
  readonly #uncollected = new Set<string>();

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  unreadable(path: string, error: Error): void {
    this.#warnings.once(
      'PROM_MULTIPROC_UNREADABLE',
      `cannot read ${path}: ${error.message}. The totals keep its last good values; later counts in it are missing. Clear the directory at the next start`,
    );
  }

  /** Reports only the first name: collectDefaultMetrics() for two registries duplicates dozens of metrics. */
  namesake(name: string, isOne: () => boolean): void {
    if (this.#namesakeReported || !isOne()) return;
    this.#namesakeReported = true;
    this.#warnings.once(
      'PROM_MULTIPROC_NAMESAKE',
      `this process has two metrics named ${name}: both registries show the sum of both. Register one metric in both registries, or share only one of the registries`,
    );
  }

  /** See `DirectoryReader` for how it chooses among several definitions. */
  otherType({ name, type }: MetricDefinition, shown: string): void {
    this.#warnings.once(
      'PROM_MULTIPROC_TYPE',
      `${name} is a ${type} in this process but a ${shown} in the metrics directory: the counts of this process are not shown. Rename the metric, or clear the directory before the next start`,
    );
  }

  beyondLimit({ name }: MetricDefinition, limit: number): void {
    this.#warnings.once(
      'PROM_MULTIPROC_LIMIT',
      `${name} has reached the limit of ${limit} series in the slot of this process, including removed series and those of earlier processes: new series are not counted. Use labels with fewer values, raise PROMETHEUS_MULTIPROC_MAX_SERIES or maxSeriesPerMetric, or clear the directory before the next start`,
    );
  }

  unknownAggregator({ name, aggregator }: MetricDefinition): void {
    this.#warnings.once(
      'PROM_MULTIPROC_AGGREGATOR',
      `${name}: unknown aggregator '${aggregator}'; the values of all processes are summed. Use an aggregator that prom-multiproc's REFERENCE.md lists`,
    );
  }

  droppedNaN({ name }: MetricDefinition): void {
    this.#warnings.once(
      'PROM_MULTIPROC_NAN',
      `${name}: dropped the value NaN, because the metric would stay NaN from then on. Check the value that you pass to it`,
    );
  }

  /** Reports once for each `what` that failed, because error messages may differ each time. */
  collectFailed(what: string, error: Error): void {
    if (this.#uncollected.has(what)) return;
    this.#uncollected.add(what);
    this.#warnings.once(
      'PROM_MULTIPROC_COLLECT',
      `${what} failed: ${error.message}; showing its last values until it succeeds`,
    );
  }
}
