import { type ClientMetric, isStoredMetric } from '../client/client-internals.ts';
import { reportUnknownKind } from '../client/supported-client.ts';
import { captureMetric } from '../metric/capture-metric.ts';
import type { MetricRegistry } from '../metric/defined-metric.ts';
import type { CellSource } from '../metric/metric-cells.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import { processState } from '../util/process-state.ts';

/** The parts of a slot that the metrics of a process need. */
export interface MetricsOfSlot {
  readonly source: CellSource;
  /** Undefined while the process has no slot. */
  writer(): SlotWriter | undefined;
  /** Called for each attached metric. Its constructor may still be running. */
  onAttached(metric: SharedMetric): void;
  /** Called with the name of each attached metric. `hasNamesake` returns whether another metric has that name. */
  onName(name: string, hasNamesake: () => boolean): void;
}

/** The metrics of all shared registries that count in the slot of this process. */
export class ProcessMetrics {
  readonly #slot: MetricsOfSlot;
  readonly #metrics = new Map<ClientMetric, SharedMetric>();
  /** Metrics that are not yet in the slot. A separate set, because thousands of others may already be in the slot. */
  readonly #unbound = new Set<SharedMetric>();
  readonly #retired = new Set<string>();

  constructor(slot: MetricsOfSlot) {
    this.#slot = slot;
  }

  clients(): Iterable<ClientMetric> {
    return this.#metrics.keys();
  }

  all(): Iterable<SharedMetric> {
    return this.#metrics.values();
  }

  get(client: ClientMetric): SharedMetric | undefined {
    return this.#metrics.get(client);
  }

  /** Makes a metric of `registry` count in the slot. Returns undefined for an object that is not a prom-client metric. */
  attach(client: ClientMetric, registry: MetricRegistry): SharedMetric | undefined {
    if (!isStoredMetric(client)) return reportUnknownKind(client);
    let metric = captured.get(client);
    if (metric === undefined) {
      metric = captureMetric(client, registry, this.#slot.source);
      captured.set(client, metric);
    } else if (!metric.reattach(registry)) {
      return this.#metrics.get(client);
    }
    const attached = metric;
    this.#metrics.set(client, attached);
    this.#unbound.add(attached);
    this.#slot.onName(client.name, () => this.#hasNamesake(attached));
    this.#slot.onAttached(attached);
    return attached;
  }

  /** Takes a metric out of the slot. It keeps counting for itself, as in prom-client after its removal from all registries. */
  detach(client: ClientMetric): void {
    const metric = this.#metrics.get(client);
    if (metric === undefined) return;
    const counted = metric.detach();
    this.#metrics.delete(client);
    this.#unbound.delete(metric);
    const { family } = metric;
    this.#retired.add(family);
    // A metric of the same name in another registry has inherited the same counts.
    if (counted && !this.#hasNamesake(metric)) this.#slot.writer()?.forget(family);
  }

  #hasNamesake(metric: SharedMetric): boolean {
    return [...this.#metrics.values()].some((other) => other !== metric && other.family === metric.family);
  }

  /** `familyKey`s of all metrics of this process, in any registry. */
  families(): Set<string> {
    return new Set([...this.#metrics.values()].map(({ family }) => family));
  }

  /** Whether this process has removed a metric of this `familyKey` from its registries. */
  hasRetired(family: string): boolean {
    return this.#retired.has(family);
  }

  /** Moves the metrics of a registry to series with its current default labels. */
  relabel(registry: MetricRegistry): void {
    for (const metric of this.#metrics.values()) {
      if (metric.registry !== registry) continue;
      metric.relabel();
      this.#unbound.add(metric);
    }
    this.bindAll();
  }

  /** Must be called for a metric that left the slot, so that `bindAll` moves it back. */
  addUnbound(metric: SharedMetric): void {
    this.#unbound.add(metric);
  }

  /** Completes the slot: moves metrics into it that were registered or counted before it was taken, and stores late exemplars. */
  bindAll(): void {
    const writer = this.#slot.writer();
    if (writer === undefined) return;
    writer.writeLateExemplars();
    for (const metric of this.#unbound) if (metric.isComplete && metric.bind()) this.#unbound.delete(metric);
  }
}

/** A metric is captured once, for the slot in which it was first shared. */
const captured = processState('captured', () => new WeakMap<ClientMetric, SharedMetric>());
