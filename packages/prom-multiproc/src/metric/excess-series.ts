import type { ClientEntry, ClientMetric } from '../client/client-internals.ts';
import { emptySeries, type GaugeEntry, seriesOf } from './series-of-entry.ts';
import type { SeriesOwner, SharedSeries } from './shared-series.ts';

/** Discards counts of excess series: those beyond `maxSeriesPerMetric`. Memory use does not depend on their number. */
export class ExcessSeries {
  readonly #client: ClientMetric;
  readonly #owner: SeriesOwner;
  #any: SharedSeries | undefined;
  #last: { readonly hash: string; readonly series: SharedSeries } | undefined;

  constructor(client: ClientMetric, owner: SeriesOwner) {
    this.#client = client;
    this.#owner = owner;
  }

  /** A series that absorbs counts and observations of any labels. Counters and histograms only. */
  any(): SharedSeries {
    this.#any ??= emptySeries(this.#owner, {}, this.#client);
    return this.#any;
  }

  /** A series for an entry that prom-client stores. */
  of(hash: string, entry: ClientEntry, gauge: GaugeEntry | undefined): SharedSeries {
    const series = seriesOf(entry, this.#owner, gauge);
    this.#last = { hash, series };
    return series;
  }

  /** The last stored entry: prom-client looks it up again to add an exemplar. */
  find(hash: string): SharedSeries | undefined {
    if (this.#client.enableExemplars !== true || this.#last?.hash !== hash) return undefined;
    return this.#last.series;
  }
}
