import type { ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import { type JsonMetric, withDefaultLabels } from './json-format.ts';
import type { LastAnswers } from './last-answers.ts';
import type { ProcessSlot } from './process-slot.ts';

export interface ForeignSource {
  readonly register: ClientRegistry;
  /** `getMetricsAsString` of the client itself. */
  readonly clientText: ClientRegistry['getMetricsAsString'];
}

/**
 * Objects in a registry that are no metrics of prom-client: they say themselves what they show. One that hangs or fails shows
 * what it said last; undefined where it never said anything.
 */
export class ForeignMetrics {
  readonly #source: ForeignSource;
  readonly #texts: LastAnswers<ClientMetric, string>;
  readonly #objects: LastAnswers<ClientMetric, JsonMetric>;

  constructor(source: ForeignSource, slot: ProcessSlot) {
    this.#source = source;
    this.#texts = slot.lastAnswers();
    this.#objects = slot.lastAnswers();
  }

  text(metric: ClientMetric): Promise<string | undefined> {
    return this.#texts.ask(metric, () => this.#source.clientText(metric));
  }

  async json(metric: ClientMetric): Promise<JsonMetric | undefined> {
    const said = await this.#objects.ask(metric, () => metric.get() as Promise<JsonMetric>);
    return said && withDefaultLabels(said, this.#source.register._defaultLabels);
  }
}

const known = new WeakMap<ClientRegistry, ForeignMetrics>();

/** Those of a registry, for all views of it. */
export function foreignMetrics(source: ForeignSource, slot: ProcessSlot): ForeignMetrics {
  let foreign = known.get(source.register);
  if (foreign === undefined) {
    foreign = new ForeignMetrics(source, slot);
    known.set(source.register, foreign);
  }
  return foreign;
}
