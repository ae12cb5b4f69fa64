/**
 * Metrics of this process that are not shared while others are: what they count shows on no page of the application. The
 * operators are warned once for each registry, and `prom_multiproc_unshared_metrics` counts them.
 */
import { describeRegistry, lookAgainLater, lookForClients, onClientCopy } from '../client/client-copies.ts';
import {
  type AnyRegistry,
  type ClientMetric,
  internalsOf,
  isStoredMetric,
} from '../client/client-internals.ts';
import { UNSHARED_METRICS } from '../slot/slot-own-metrics.ts';
import { refreshInterval } from '../util/refresh-interval.ts';
import { Warnings } from '../util/warnings.ts';
import type { ProcessSlot } from './process-slot.ts';
import { isKeptPlain } from './unsupported-platform.ts';

interface Noted {
  readonly register: WeakRef<AnyRegistry>;
  readonly isGlobal: boolean;
  /** Milliseconds of `performance.now()`. */
  readonly since: number;
  /** Empty as soon as the garbage collector has run. */
  readonly collected: WeakRef<object>;
  warned: boolean;
}

/** Milliseconds within which an application may share a registry, or say that it is kept apart. */
const GRACE_MS = 500;
const GRACE_OF_OWN_MS = 1000;
/** A timer may end some milliseconds early by the other clock. */
const SLACK_MS = 20;
/** A registry made later may be one of many, made for one probe each. */
const START_MS = 1000;

const noted = new Set<Noted>();
const known = new WeakSet<AnyRegistry>();
const apart = new WeakSet<AnyRegistry>();
const warnings = new Warnings();
let slot: ProcessSlot | undefined;
let isShared: (register: AnyRegistry) => boolean = () => false;
let published = 0;
let began = 0;
let lookIsDue = false;

/** Begins to watch the registries of each client; once for a process. */
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

/** Says that a registry is of this process alone on purpose: its metrics are neither warned of nor counted as unshared. */
export function keepApart(register: AnyRegistry): void {
  apart.add(register);
}

/** Whether any registry that is known has a metric, shared or not. */
export function hasMetrics(): boolean {
  for (const { register } of noted) {
    const metrics = register.deref();
    if (metrics !== undefined && internalsOf(metrics).getMetricsAsArray().length > 0) return true;
  }
  return false;
}

/** The error for a request for the metrics of the whole application; undefined where they are all shared. */
export function whyIncomplete(): string | undefined {
  for (const one of current()) {
    if (one.isGlobal && one.metrics.length > 0) return messageOf(one.register, one.metrics);
  }
  return undefined;
}

/** Warns of each registry once, and publishes how many metrics there are now, those aside that may yet be shared. */
function countUnshared(): void {
  let count = 0;
  for (const { register, metrics, entry } of current()) {
    if (metrics.length === 0 || !isLasting(entry)) continue;
    count += metrics.length;
    if (entry.warned || isKeptPlain(register)) continue;
    entry.warned = true;
    warnings.once('PROM_MULTIPROC_UNSHARED_METRICS', messageOf(register, metrics));
  }
  // A process that has nothing to say takes no slot for it.
  if (count === published) return;
  published = count;
  slot?.own.set(UNSHARED_METRICS, count);
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

/** Has it known from now on, whether it is shared or not. */
export function noteRegister(register: AnyRegistry): void {
  note(register, false);
}

function note(register: AnyRegistry, isGlobal: boolean): void {
  lookSoon();
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

/** Whether its time to be shared is over, and it is none that is let go of once its one page is made. */
function isLasting({ isGlobal, since, collected }: Noted): boolean {
  const age = performance.now() - since;
  if (isGlobal) return age >= GRACE_MS;
  return age >= GRACE_OF_OWN_MS && (since - began < START_MS || collected.deref() === undefined);
}

function lookSoon(): void {
  if (lookIsDue) return;
  lookIsDue = true;
  setTimeout(countUnshared, GRACE_MS + SLACK_MS).unref();
  setTimeout(() => {
    lookIsDue = false;
    countUnshared();
    for (const { entry, metrics } of current()) {
      if (metrics.length > 0 && performance.now() - entry.since < GRACE_OF_OWN_MS) lookSoon();
    }
  }, GRACE_OF_OWN_MS + SLACK_MS).unref();
}

function messageOf(register: AnyRegistry, [first, ...more]: readonly ClientMetric[]): string {
  const what = more.length === 0 ? `${first!.name} is` : `${first!.name} and ${more.length} more metrics are`;
  // That it is kept plain was reported, with what to do.
  if (isKeptPlain(register))
    return `${what} not shared, in ${describeRegistry(register)}: its client is not supported`;
  return `${what} not shared, in ${describeRegistry(register)}: call share() without an argument or share() with that registry, or preload prom-multiproc/register. A registry of this process alone is given to keepApart(), or to metricsHandler() after the shared one`;
}
