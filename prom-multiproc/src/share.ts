import { register as globalRegister, type Registry } from 'prom-client';
import { DirectoryReader } from './directory-reader.ts';
import { distinguishLabels } from './exact-labels.ts';
import { Family } from './family.ts';
import { installFastPath } from './fast-path.ts';
import { loadLibc } from './libc.ts';
import { type ProcessSlot, processSlot } from './process-slot.ts';
import { type ClientMetric, type ClientRegistry, internalsOf } from './prom-client-internals.ts';
import { SharedMetric } from './shared-metric.ts';
import { renderFamily, type TextOptions } from './text-format.ts';

/** Milliseconds between two refreshes of a process's `collect()` gauges and runtime metrics. */
export const COLLECT_INTERVAL_MS = 5000;

const shared = new WeakMap<Registry, SharedRegistry>();

/**
 * Makes every metric of `register`, made before or after, count in the directory that `PROMETHEUS_MULTIPROC_DIR` names.
 * From then on `register.metrics()` gives the totals of all processes that share this directory, and rejects where they
 * cannot be had. Without the variable nothing changes: plain prom-client. A second call for the same registry does
 * nothing.
 *
 * The process takes its place in the directory at its first write, not here.
 */
export function share(register: Registry = globalRegister): void {
  const directory = process.env.PROMETHEUS_MULTIPROC_DIR;
  if (directory === undefined || directory === '' || shared.has(register)) return;
  shared.set(register, new SharedRegistry(register, processSlot(directory)));
}

class SharedRegistry {
  readonly #register: ClientRegistry;
  readonly #slot: ProcessSlot;
  readonly #metrics = new Map<ClientMetric, SharedMetric>();
  readonly #clientText: (metric: ClientMetric) => Promise<string>;
  #reader: DirectoryReader | undefined;
  #textKey = '';

  constructor(register: Registry, slot: ProcessSlot) {
    const client = internalsOf(register);
    this.#register = client;
    this.#slot = slot;
    this.#clientText = client.getMetricsAsString.bind(client);
    for (const metric of Object.values(client._metrics)) this.#attach(metric);
    this.#captureRegistration();
    client.metrics = () => this.#text();
    client.getMetricsAsString = (metric) => this.#textOf(metric);
    slot.onTaken(() => {
      this.#bindAll();
      setImmediate(() => this.#refresh());
    });
    setInterval(() => this.#refresh(), COLLECT_INTERVAL_MS).unref();
  }

  #captureRegistration(): void {
    const client = this.#register;
    const registerMetric = client.registerMetric.bind(client);
    client.registerMetric = (metric) => {
      registerMetric(metric);
      this.#attach(metric);
    };
  }

  #attach(metric: ClientMetric): void {
    if (this.#metrics.has(metric) || !isStored(metric)) return;
    const attached = new SharedMetric(metric, {
      beforeWrite: () => this.#beforeWrite(),
      metric: (definition) => this.#slot.metric(definition),
      series: (definition, labels) => this.#slot.series(definition, labels),
      refuseNaN: (definition) => this.#slot.refuseNaN(definition),
    });
    this.#metrics.set(metric, attached);
    installFastPath(attached);
    distinguishLabels(attached);
    // Not now: the constructor of the metric may still be running.
    if (this.#slot.isTaken) queueMicrotask(() => this.#bindAll());
  }

  #beforeWrite(): void {
    this.#slot.take();
    this.#bindAll();
  }

  #bindAll(): void {
    if (!this.#slot.isTaken) return;
    for (const metric of this.#metrics.values()) if (metric.isComplete) metric.bind();
  }

  async #refresh(): Promise<void> {
    try {
      await Promise.all(this.#registered().map((metric) => this.#collect(metric)));
    } catch (error) {
      process.emitWarning(`collect() failed: ${(error as Error).message}`, {
        code: 'PROM_MULTIPROC_COLLECT',
      });
    }
    this.#slot.beat();
  }

  async #collect(metric: ClientMetric): Promise<void> {
    if (metric.collect === undefined) return;
    const attached = this.#metrics.get(metric);
    attached?.beginCollect();
    try {
      const collecting = metric.collect();
      if (collecting instanceof Promise) await collecting;
    } finally {
      attached?.endCollect();
    }
  }

  #registered(): ClientMetric[] {
    return Object.values(this.#register._metrics);
  }

  async #text(): Promise<string> {
    await Promise.all(this.#registered().map((metric) => this.#collect(metric)));
    const { families, totals } = this.#read();
    const options = this.#textOptions(families);
    const blocks: (string | Promise<string>)[] = [];
    for (const metric of this.#registered()) blocks.push(this.#block(metric, families, totals, options));
    for (const [name, family] of families) {
      if (this.#register._metrics[name] === undefined) blocks.push(renderFamily(family, totals, options));
    }
    const texts = await Promise.all(blocks);
    return options.openMetrics ? `${texts.join('\n')}\n# EOF\n` : `${texts.join('\n\n')}\n`;
  }

  async #textOf(metric: ClientMetric): Promise<string> {
    await this.#collect(metric);
    const { families, totals } = this.#read();
    return this.#block(metric, families, totals, this.#textOptions(families));
  }

  #block(
    metric: ClientMetric,
    families: ReadonlyMap<string, Family>,
    totals: Float64Array,
    options: TextOptions,
  ): string | Promise<string> {
    const attached = this.#metrics.get(metric);
    if (attached === undefined) return this.#clientText(metric);
    const family = families.get(metric.name);
    return family === undefined ? renderUnwritten(attached, options) : renderFamily(family, totals, options);
  }

  #read(): DirectoryReader {
    if (this.#slot.failure !== undefined) throw this.#slot.failure;
    this.#bindAll();
    this.#reader ??= new DirectoryReader(loadLibc(), this.#slot.directory, (path, error) =>
      this.#slot.warnUnreadable(path, error),
    );
    try {
      this.#reader.refresh();
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`cannot share metrics in ${this.#slot.directory}: ${message}`, { cause: error });
    }
    return this.#reader;
  }

  #textOptions(families: ReadonlyMap<string, Family>): TextOptions {
    const options = {
      openMetrics: this.#register.contentType.startsWith('application/openmetrics-text'),
      defaultLabels: this.#register._defaultLabels,
    };
    const key = JSON.stringify(options);
    if (key !== this.#textKey) {
      for (const { series } of families.values()) for (const one of series.values()) one.prefixes = undefined;
      this.#textKey = key;
    }
    return options;
  }
}

/** Whether this is a metric of prom-client, and not an object that merely has a `get()`. */
function isStored(metric: ClientMetric): boolean {
  return typeof metric.hashMap === 'object' && metric.hashMap !== null && Array.isArray(metric.labelNames);
}

/** A metric that no process has written to yet: its unlabelled series show their first value, as in prom-client. */
function renderUnwritten(metric: SharedMetric, options: TextOptions): string {
  const { definition } = metric;
  const family = new Family(definition);
  const totals: number[] = [];
  for (const { labels, values } of metric.series()) {
    const pairs = labels.map(([index, value]) => [definition.labelNames[index]!, value] as const);
    family.series.set(JSON.stringify(pairs), {
      labels: pairs,
      parts: [{ bounds: definition.bounds, base: totals.length }],
      gaugeValues: [{ slot: 0, value: values[0]!, time: 0 }],
      prefixes: undefined,
    });
    totals.push(...values);
  }
  return renderFamily(family, Float64Array.from(totals), options);
}
