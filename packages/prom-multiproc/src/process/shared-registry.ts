import type { ClientLabels, ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import type { PageFormat } from '../exposition/page-format.ts';
import type { MetricRegistry } from '../metric/defined-metric.ts';
import { processState } from '../util/process-state.ts';
import type { ProcessSlot } from './process-slot.ts';
import { RegistryView, type ViewedRegistry } from './registry-view.ts';

export interface SharedRegistryOptions {
  /** See `ShareOptions`. */
  readonly name: string | undefined;
  readonly selfMetrics: boolean;
  /** The shared registries from which it was merged, and whose metrics it shows. */
  readonly mergedFrom: readonly SharedRegistry[];
}

/** A registry whose metrics count in the slot of the process and whose output is the totals of all processes. */
export class SharedRegistry implements ViewedRegistry, MetricRegistry {
  readonly register: ClientRegistry;
  readonly name: string | undefined;
  /** A later `share()` may change it. */
  selfMetrics: boolean;
  readonly clientText: ClientRegistry['getMetricsAsString'];
  readonly view: RegistryView;
  readonly slot: ProcessSlot;
  readonly #metrics = (): Promise<string> => this.view.text();

  constructor(
    register: ClientRegistry,
    slot: ProcessSlot,
    { name, selfMetrics, mergedFrom }: SharedRegistryOptions,
  ) {
    this.register = register;
    this.slot = slot;
    this.name = name;
    this.selfMetrics = selfMetrics;
    this.clientText = register.getMetricsAsString.bind(register);
    const viewed = [this, ...mergedFrom];
    this.view = new RegistryView(slot, {
      viewed: () => viewed,
      showsSelfMetrics: () => this.selfMetrics,
      contentType: () => register.contentType,
    });
    for (const metric of this.#registered()) slot.attach(metric, this);
    this.#captureRegistration();
    this.#captureRemoval();
    this.#captureDefaultLabels();
    this.#captureOutput();
    this.#keep();
    const ref = new WeakRef(this);
    all.add(ref);
    ended.register(this, ref);
  }

  get defaultLabels(): ClientLabels {
    return this.register._defaultLabels;
  }

  /** Reads the counts of other processes ahead of a scrape, one slot in each step. */
  readAhead(): Generator<void> {
    return this.slot.readAhead();
  }

  has(metric: ClientMetric): boolean {
    return this.register.getSingleMetric(metric.name) === metric;
  }

  /** Whether the application has replaced `register.metrics()`. */
  get isReplaced(): boolean {
    return this.register.metrics !== this.#metrics;
  }

  /** The output of `register.metrics()` in another format. Undefined if that is replaced. */
  page(format: PageFormat): Promise<Buffer> | undefined {
    return this.isReplaced ? undefined : this.view.page(format);
  }

  #captureOutput(): void {
    const { register, view } = this;
    register.metrics = this.#metrics;
    register.getMetricsAsString = (metric) => view.textOf(metric);
    register.getMetricsAsJSON = (aggregator) => view.json(aggregator);
    const byName = register.getSingleMetricAsString.bind(register);
    // For an unknown metric the client's own method throws its error.
    register.getSingleMetricAsString = async (name) => (await view.textOfName(name)) ?? byName(name);
  }

  #captureRegistration(): void {
    const { register } = this;
    const registerMetric = register.registerMetric.bind(register);
    register.registerMetric = (metric) => {
      registerMetric(metric);
      this.#keep();
      this.slot.attach(metric, this);
    };
  }

  #captureRemoval(): void {
    const { register } = this;
    for (const method of ['clear', 'removeSingleMetric'] as const) {
      const remove = register[method].bind(register) as (...args: unknown[]) => void;
      register[method] = (...args: unknown[]) => {
        const before = this.#registered();
        remove(...args);
        this.#keep();
        for (const metric of before) if (!isRegistered(metric)) this.slot.detach(metric);
      };
    }
  }

  #captureDefaultLabels(): void {
    const { register } = this;
    const setDefaultLabels = register.setDefaultLabels.bind(register);
    register.setDefaultLabels = (labels) => {
      setDefaultLabels(labels);
      this.slot.relabel(this);
    };
  }

  /** Holds the registry while it has metrics. Cleared registries may be garbage-collected. */
  #keep(): void {
    if (this.#registered().length > 0) withMetrics.add(this);
    else withMetrics.delete(this);
  }

  #registered(): ClientMetric[] {
    return this.register.getMetricsAsArray();
  }
}

const withMetrics = processState('with metrics', () => new Set<SharedRegistry>());
const all = processState('registries', () => new Set<WeakRef<SharedRegistry>>());
const ended = new FinalizationRegistry<WeakRef<SharedRegistry>>((ref) => all.delete(ref));

function isRegistered(metric: ClientMetric): boolean {
  return [...withMetrics].some((registry) => registry.has(metric));
}

/** The shared registries of this process that are not garbage-collected. */
export function sharedRegistries(): SharedRegistry[] {
  return [...all].map((ref) => ref.deref()).filter((registry) => registry !== undefined);
}
