import type { ClientMetric } from './prom-client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

/** Runs the `collect()` of metrics, each once at a time; what one writes becomes visible together, at its end. */
export class Collecting {
  readonly #sharedOf: (client: ClientMetric) => SharedMetric | undefined;
  readonly #onFailure: (client: ClientMetric, error: Error) => void;
  readonly #running = new Map<ClientMetric, Promise<void>>();

  constructor(
    sharedOf: (client: ClientMetric) => SharedMetric | undefined,
    onFailure: (client: ClientMetric, error: Error) => void,
  ) {
    this.#sharedOf = sharedOf;
    this.#onFailure = onFailure;
  }

  /** Runs the `collect()` of a metric, or waits for the one that runs. */
  async collect(client: ClientMetric): Promise<void> {
    if (client.collect === undefined) return;
    let running = this.#running.get(client);
    if (running === undefined) {
      running = this.#collect(client).finally(() => this.#running.delete(client));
      this.#running.set(client, running);
    }
    await running;
  }

  /** Those of which no `collect()` runs. */
  idle(clients: Iterable<ClientMetric>): ClientMetric[] {
    return [...clients].filter((client) => !this.#running.has(client));
  }

  /** A failure is told. */
  async collectAll(clients: Iterable<ClientMetric>): Promise<void> {
    await Promise.all([...clients].map((client) => this.#collectOrTell(client)));
  }

  async #collectOrTell(client: ClientMetric): Promise<void> {
    try {
      await this.collect(client);
    } catch (error) {
      this.#onFailure(client, error as Error);
    }
  }

  async #collect(client: ClientMetric): Promise<void> {
    const metric = this.#sharedOf(client);
    metric?.beginCollect();
    try {
      const collecting = client.collect?.();
      if (collecting instanceof Promise) {
        metric?.awaitCollect();
        await collecting;
      }
      metric?.collected();
    } finally {
      metric?.endCollect();
    }
  }
}
