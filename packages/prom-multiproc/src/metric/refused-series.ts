import type { ClientEntry, ClientMetric } from '../client/client-internals.ts';
import { emptySeries, type GaugeEntry, seriesOf } from './series-of-entry.ts';
import type { SeriesOwner, SharedSeries } from './shared-series.ts';

/** What is counted in series beyond the limit of a metric goes here, and shows nowhere. It costs the same for any number. */
export class RefusedSeries {
  readonly #client: ClientMetric;
  readonly #owner: SeriesOwner;
  #any: SharedSeries | undefined;
  #last: { readonly hash: string; readonly series: SharedSeries } | undefined;

  constructor(client: ClientMetric, owner: SeriesOwner) {
    this.#client = client;
    this.#owner = owner;
  }

  /** For counts and observations of whatever series. Counters and histograms only. */
  any(): SharedSeries {
    this.#any ??= emptySeries(this.#owner, {}, this.#client);
    return this.#any;
  }

  /** For what prom-client stores. */
  of(hash: string, entry: ClientEntry, gauge: GaugeEntry | undefined): SharedSeries {
    const series = seriesOf(entry, this.#owner, gauge);
    this.#last = { hash, series };
    return series;
  }

  /** What was stored last, where prom-client looks for it once more: for the sake of exemplars alone. */
  find(hash: string): SharedSeries | undefined {
    if (this.#client.enableExemplars !== true || this.#last?.hash !== hash) return undefined;
    return this.#last.series;
  }
}
