import type { ClientMetric } from '../client/client-internals.ts';
import { isThenable, TimedRuns } from '../util/timed-runs.ts';
import { COLLECT_LIMIT } from './process-limits.ts';
import type { SharedMetric } from './shared-metric.ts';

/**
 * Runs the `collect()` functions of metrics: one run at a time for each metric, with a time limit for waiting. Readers see the
 * values of a run all at once when it ends. Exception: counts of an asynchronous `collect()`, see `SharedMetric.awaitCollect`.
 */
export class Collector {
  readonly #sharedOf: (client: ClientMetric) => SharedMetric | undefined;
  readonly #runs: TimedRuns<ClientMetric, void>;

  constructor(
    sharedOf: (client: ClientMetric) => SharedMetric | undefined,
    limitMs: () => number,
    onFailure: (client: ClientMetric, error: Error) => void,
  ) {
    this.#sharedOf = sharedOf;
    this.#runs = new TimedRuns(limitMs, COLLECT_LIMIT, onFailure);
  }

  /** Runs the `collect()` of a metric of this slot, or waits for the current run: see `TimedRuns.run`. */
  async collect(client: ClientMetric, idle = false): Promise<void> {
    const metric = this.#sharedOf(client);
    if (metric === undefined || client.collect === undefined) return;
    await this.#runs.run(client, () => collect(client, metric), idle);
  }

  /** Collects all of `clients` without keeping the process alive. */
  async collectIdly(clients: Iterable<ClientMetric>): Promise<void> {
    await Promise.all(Array.from(clients, (client) => this.collect(client, true)));
  }
}

function collect(client: ClientMetric, metric: SharedMetric): void | Promise<void> {
  const fail = (error: unknown) => {
    metric.failCollect();
    throw error;
  };
  metric.beginCollect();
  try {
    const collecting = client.collect!();
    if (!isThenable(collecting)) return metric.collected();
    metric.awaitCollect();
    return Promise.resolve(collecting).then(() => metric.collected(), fail);
  } catch (error) {
    return fail(error);
  }
}
