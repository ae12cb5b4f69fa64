/**
 * Finds metrics of this process that are not shared while others are. No page of the application shows them. The process
 * warns once for each registry, and `prom_multiproc_unshared_metrics` reports their number.
 */
import { describeRegistry, lookAgainLater, lookForClients, onClientCopy } from '../client/client-copies.ts';
import {
  type AnyRegistry,
  type ClientMetric,
  internalsOf,
  isStoredMetric,
} from '../client/client-internals.ts';
import { UNSHARED_METRICS } from '../slot/slot-self-metrics.ts';
import { refreshInterval } from '../util/refresh-interval.ts';
import { Warnings } from '../util/warnings.ts';
import type { ProcessSlot } from './process-slot.ts';
import { isKeptPlain } from './unsupported-platform.ts';

interface Noted {
  readonly register: WeakRef<AnyRegistry>;
  readonly isGlobal: boolean;
  /** Milliseconds of `performance.now()`. */
  readonly since: number;
  /** Cleared by the first garbage collection after the registry was noted. */
  readonly collected: WeakRef<object>;
  warned: boolean;
}

/** Milliseconds that the application has to share a global registry, or to pass it to `keepApart()`. */
const GRACE_MS = 500;
/** The same for other registries. */
const LOCAL_GRACE_MS = 1000;
/** `setTimeout` may fire some milliseconds early on the clock of `performance.now()`. */
const SLACK_MS = 20;
/** Milliseconds of the start phase. A registry created later may be one of many short-lived ones, such as one per probe. */
const START_MS = 1000;

const noted = new Set<Noted>();
const known = new WeakSet<AnyRegistry>();
const apart = new WeakSet<AnyRegistry>();
const warnings = new Warnings();
let slot: ProcessSlot | undefined;
let isShared: (register: AnyRegistry) => boolean = () => false;
let published = 0;
let began = 0;
let checkIsScheduled = false;

/** Starts to watch the registries of each client, once per process. */
export function watchUnshared(by: ProcessSlot, isSharedRegister: (register: AnyRegistry) => boolean): void {
  if (slot !== undefined) return;
  slot = by;
  isShared = isSharedRegister;
  began = performance.now();
  onClientCopy(({ client }) => {
    note(client.register, true);
    const prototype = internalsOf(client.Registry.prototype);
    const { registerMetric } = prototype;
    prototype.registerMetric = function registerAndNote(metric) {
      registerMetric.call(this, metric);
      if (isStoredMetric(metric)) note(this as never, false);
    };
  });
  lookAgainLater();
  setInterval(countUnshared, refreshInterval()).unref();
}

/** Marks a registry as private to this process: no warning, and not counted in `prom_multiproc_unshared_metrics`. */
export function keepApart(register: AnyRegistry): void {
  apart.add(register);
}

/** Whether any known registry, shared or not, has a metric. */
export function hasMetrics(): boolean {
  for (const { register } of noted) {
    const metrics = register.deref();
    if (metrics !== undefined && internalsOf(metrics).getMetricsAsArray().length > 0) return true;
  }
  return false;
}

/** The error for a request for the application's metrics; undefined if no global registry has unshared metrics. */
export function whyIncomplete(): string | undefined {
  for (const one of current()) {
    if (one.isGlobal && one.metrics.length > 0) return messageOf(one.register, one.metrics);
  }
  return undefined;
}

/** Warns once for each registry, and publishes the number of unshared metrics. Ignores registries within their grace period. */
function countUnshared(): void {
  let count = 0;
  for (const { register, metrics, entry } of current()) {
    if (metrics.length === 0 || !isLasting(entry)) continue;
    count += metrics.length;
    if (entry.warned || isKeptPlain(register)) continue;
    entry.warned = true;
    warnings.once('PROM_MULTIPROC_UNSHARED_METRICS', messageOf(register, metrics));
  }
  // Not published if unchanged: a process without unshared metrics must not take a slot.
  if (count === published) return;
  published = count;
  slot?.selfMetrics.set(UNSHARED_METRICS, count);
}

interface Current {
  readonly register: AnyRegistry;
  readonly isGlobal: boolean;
  readonly metrics: readonly ClientMetric[];
  readonly entry: Noted;
}

function* current(): Generator<Current> {
  lookForClients();
  for (const entry of noted) {
    const register = entry.register.deref();
    if (register === undefined) {
      noted.delete(entry);
      continue;
    }
    if (apart.has(register) || isShared(register)) continue;
    const metrics = internalsOf(register)
      .getMetricsAsArray()
      .filter((metric) => isStoredMetric(metric) && slot?.attached(metric) === undefined);
    yield { register, isGlobal: entry.isGlobal, metrics, entry };
  }
}

/** Adds a registry to the known ones, whether it is shared or not. */
export function noteRegister(register: AnyRegistry): void {
  note(register, false);
}

function note(register: AnyRegistry, isGlobal: boolean): void {
  scheduleCheck();
  if (known.has(register)) return;
  known.add(register);
  noted.add({
    register: new WeakRef(register),
    isGlobal,
    since: performance.now(),
    collected: new WeakRef({}),
    warned: false,
  });
}

/** Whether the grace period is over and the registry is not one that is dropped after one use. */
function isLasting({ isGlobal, since, collected }: Noted): boolean {
  const age = performance.now() - since;
  if (isGlobal) return age >= GRACE_MS;
  return age >= LOCAL_GRACE_MS && (since - began < START_MS || collected.deref() === undefined);
}

function scheduleCheck(): void {
  if (checkIsScheduled) return;
  checkIsScheduled = true;
  setTimeout(countUnshared, GRACE_MS + SLACK_MS).unref();
  setTimeout(() => {
    checkIsScheduled = false;
    countUnshared();
    for (const { entry, metrics } of current()) {
      if (metrics.length > 0 && performance.now() - entry.since < LOCAL_GRACE_MS) scheduleCheck();
    }
  }, LOCAL_GRACE_MS + SLACK_MS).unref();
}

function messageOf(register: AnyRegistry, [first, ...more]: readonly ClientMetric[]): string {
  const what = more.length === 0 ? `${first!.name} is` : `${first!.name} and ${more.length} more metrics are`;
  // `keepPlain` has already reported the fix.
  if (isKeptPlain(register))
    return `${what} not shared, in ${describeRegistry(register)}: its client is not supported`;
  return `${what} not shared, in ${describeRegistry(register)}: call share() without an argument or with that registry, or preload prom-multiproc/register. If the registry is private to this process, pass it to keepApart(), or to metricsHandler() after the shared registry`;
}
