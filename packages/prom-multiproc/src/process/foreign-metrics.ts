import type { ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import { type JsonMetric, withDefaultLabels } from './json-format.ts';
import type { LastAnswers } from './last-answers.ts';
import type { ProcessSlot } from './process-slot.ts';

export interface ForeignSource {
  readonly register: ClientRegistry;
  /** The client's own `getMetricsAsString`. */
  readonly clientText: ClientRegistry['getMetricsAsString'];
}

/**
 * Objects in a registry that are not prom-client metrics and provide their own output. If one fails or exceeds the time limit,
 * its last output is shown. Without any earlier output, the result is undefined.
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
    const answer = await this.#objects.ask(metric, () => metric.get() as Promise<JsonMetric>);
    return answer && withDefaultLabels(answer, this.#source.register._defaultLabels);
  }
}

const known = new WeakMap<ClientRegistry, ForeignMetrics>();

/** Returns the foreign metrics of a registry, shared by all of its views. */
export function foreignMetrics(source: ForeignSource, slot: ProcessSlot): ForeignMetrics {
  let foreign = known.get(source.register);
  if (foreign === undefined) {
    foreign = new ForeignMetrics(source, slot);
    known.set(source.register, foreign);
  }
  return foreign;
}
