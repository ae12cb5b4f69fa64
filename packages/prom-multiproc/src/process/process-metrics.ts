import { type ClientMetric, isStoredMetric } from '../client/client-internals.ts';
import { reportUnknownKind } from '../client/supported-client.ts';
import { captureMetric } from '../metric/capture-metric.ts';
import type { MetricHome } from '../metric/defined-metric.ts';
import type { CellSource } from '../metric/metric-cells.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import { processState } from '../util/process-state.ts';

/** What the metrics of a process need of its slot. */
export interface MetricsOfSlot {
  readonly source: CellSource;
  /** Undefined while the process has no slot. */
  writer(): SlotWriter | undefined;
  /** Called for each metric that is attached, while its constructor may still be running. */
  onAttached(metric: SharedMetric): void;
  /** Called where a metric may have the name of another one, which `hasNamesake` answers. */
  onName(name: string, hasNamesake: () => boolean): void;
}

/** The metrics of this process that count in its slot, of all shared registries. */
export class ProcessMetrics {
  readonly #slot: MetricsOfSlot;
  readonly #metrics = new Map<ClientMetric, SharedMetric>();
  /** Those that are yet to move into the slot: an application may have thousands that have. */
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

  /** Makes a metric of the registry `home` count in the slot; undefined for an object that is no metric of prom-client. */
  attach(client: ClientMetric, home: MetricHome): SharedMetric | undefined {
    if (!isStoredMetric(client)) return reportUnknownKind(client);
    let metric = captured.get(client);
    if (metric === undefined) {
      metric = captureMetric(client, home, this.#slot.source);
      captured.set(client, metric);
    } else if (!metric.reattach(home)) {
      return this.#metrics.get(client);
    }
    const attached = metric;
    this.#metrics.set(client, attached);
    this.#unbound.add(attached);
    this.#slot.onName(client.name, () => this.#hasNamesake(attached));
    this.#slot.onAttached(attached);
    return attached;
  }

  /** Takes a metric out of the slot: it counts on for itself, as it does in prom-client once no registry has it. */
  detach(client: ClientMetric): void {
    const metric = this.#metrics.get(client);
    if (metric === undefined) return;
    const counted = metric.detach();
    this.#metrics.delete(client);
    this.#unbound.delete(metric);
    const { family } = metric;
    this.#retired.add(family);
    // Another registry may have a metric of the same name, whose inheritance this is too.
    if (counted && !this.#hasNamesake(metric)) this.#slot.writer()?.forget(family);
  }

  #hasNamesake(metric: SharedMetric): boolean {
    return [...this.#metrics.values()].some((other) => other !== metric && other.family === metric.family);
  }

  /** By `familyKey`: metrics that this process has, in whatever registry. */
  families(): Set<string> {
    return new Set([...this.#metrics.values()].map(({ family }) => family));
  }

  /** Whether this process had a metric of this `familyKey` in a registry and took it out. */
  hasRetired(family: string): boolean {
    return this.#retired.has(family);
  }

  /** Moves the metrics of a registry to the series of its present default labels. */
  relabel(home: MetricHome): void {
    for (const metric of this.#metrics.values()) {
      if (metric.home !== home) continue;
      metric.relabel();
      this.#unbound.add(metric);
    }
    this.bindAll();
  }

  /** Must be called for a metric that has left the slot, to go back by `bindAll`. */
  addUnbound(metric: SharedMetric): void {
    this.#unbound.add(metric);
  }

  /** Moves what was counted or registered before the slot was taken into it. */
  bindAll(): void {
    if (this.#slot.writer() === undefined) return;
    for (const metric of this.#unbound) if (metric.isComplete && metric.bind()) this.#unbound.delete(metric);
  }
}

/** A metric is captured once and stays with the slot it was first shared in, whatever registries it is in. */
const captured = processState('captured', () => new WeakMap<ClientMetric, SharedMetric>());
