import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { type AnyRegistry, internalsOf } from '../client/client-internals.ts';
import type { AggregatingClass, ClientModule } from '../client/clients.ts';
import { processState } from '../util/process-state.ts';
import type { ProcessSlot } from './process-slot.ts';
import { RegistryView } from './registry-view.ts';
import { type SharedRegistry, sharedRegistries } from './shared-registry.ts';
import { askUnshared, workersWithoutSlot } from './unshared-workers.ts';

const aggregations = processState('aggregations', () => new WeakMap<ClientModule, Aggregation>());

/**
 * Prevents a client's own aggregation, over IPC or between threads, from multiplying totals by the number of workers. In a
 * process that shares, `clusterMetrics()` and `workerMetrics()` return the shared totals once: of the registries passed to
 * `setRegistries()`, or of all. A worker answers a primary that does not share with the counts of its own slot.
 */
export function replaceAggregation(
  client: ClientModule,
  slot: ProcessSlot,
  share: (register: AnyRegistry) => SharedRegistry,
): void {
  if (!aggregations.has(client)) aggregations.set(client, new Aggregation(client, slot, share));
  aggregations.get(client)!.answerForOwnSlot();
}

class Aggregation {
  readonly #client: ClientModule;
  readonly #slot: ProcessSlot;
  readonly #share: (register: AnyRegistry) => SharedRegistry;
  /** The registries that the application passed to `setRegistries()`. */
  #chosen: readonly SharedRegistry[] | undefined;
  /** The client's own `setRegistries`. */
  readonly #setRegistries: ((registers: AnyRegistry[]) => void)[] = [];
  readonly #answer: AnyRegistry;

  constructor(client: ClientModule, slot: ProcessSlot, share: (register: AnyRegistry) => SharedRegistry) {
    this.#client = client;
    this.#slot = slot;
    this.#share = share;
    this.#answer = this.#makeAnswer();
    const { AggregatorRegistry, WorkerRegistry } = client;
    const { clusterMetrics } = AggregatorRegistry.prototype;
    const withUnshared = (register: AnyRegistry) =>
      this.#withUnshared(register, () => clusterMetrics!.call(register));
    AggregatorRegistry.prototype.clusterMetrics = function sharedClusterMetrics() {
      return withUnshared(this);
    };
    this.#captureSetRegistries(AggregatorRegistry, cluster.isWorker);
    if (WorkerRegistry === undefined) return;
    const totals = (register: AnyRegistry) => this.#totalsOf(register).text();
    WorkerRegistry.prototype.workerMetrics = function sharedWorkerMetrics() {
      return totals(this);
    };
    this.#captureSetRegistries(WorkerRegistry, !isMainThread);
  }

  /** Makes the client answer with the counts of this process's slot. */
  answerForOwnSlot(): void {
    for (const setRegistries of this.#setRegistries) setRegistries([this.#answer]);
  }

  /** The totals, plus the counts of workers that do not share. */
  async #withUnshared(register: AnyRegistry, ask: () => Promise<unknown>): Promise<string> {
    const totals = this.#totalsOf(register);
    const text = await totals.text();
    const workers = workersWithoutSlot(this.#slot.holders());
    if (workers.length === 0) return text;
    const unshared = (await askUnshared(workers, ask)).filter((list) => list.length > 0);
    if (unshared.length === 0) return text;
    const { AggregatorRegistry } = this.#client;
    return AggregatorRegistry.aggregate([await totals.json(), ...unshared], register.contentType).metrics();
  }

  #totalsOf(register: AnyRegistry): RegistryView {
    const viewed = this.#viewed();
    const own = internalsOf(register);
    // Used while this process has no shared registry: shows the counts of other processes in registries without a name.
    const any = { register: own, name: undefined, clientText: own.getMetricsAsString.bind(own) };
    return new RegistryView(this.#slot, {
      viewed: () => (viewed.length > 0 ? viewed : [any]),
      showsSelfMetrics: () => viewed.length === 0 || viewed.some(({ selfMetrics }) => selfMetrics),
      contentType: () => register.contentType,
    });
  }

  #viewed(): readonly SharedRegistry[] {
    return this.#chosen ?? sharedRegistries().filter(({ name }) => name === undefined);
  }

  #captureSetRegistries(aggregating: AggregatingClass, answers: boolean): void {
    const setRegistries = aggregating.setRegistries.bind(aggregating);
    if (answers) this.#setRegistries.push(setRegistries);
    const { Registry } = this.#client;
    aggregating.setRegistries = (registers) => {
      const all = Array.isArray(registers) ? registers : [registers];
      // The client rejects anything that is not a registry.
      if (!all.every((one) => one instanceof Registry)) return setRegistries(registers);
      this.#chosen = all.map(this.#share);
      setRegistries([this.#answer]);
    };
  }

  /** A registry that returns the counts of this process only. */
  #makeAnswer(): AnyRegistry {
    const answer = new this.#client.Registry();
    const view = new RegistryView(this.#slot, {
      viewed: () => this.#viewed(),
      showsSelfMetrics: () => false,
      contentType: () => answer.contentType,
    });
    // Only `shutdown()` passes an aggregator, to hand over counts before the process ends. The slot keeps them: handed over,
    // they would be counted twice.
    internalsOf(answer).getMetricsAsJSON = async (aggregator) =>
      aggregator === undefined ? view.ownJson() : [];
    return answer;
  }
}
