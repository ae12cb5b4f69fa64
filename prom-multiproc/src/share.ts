import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { aggregateOnce } from './aggregated-once.ts';
import { tameAggregation } from './aggregator-registry.ts';
import { type ClientModule, clientOf, globalRegisters, installedClients } from './clients.ts';
import { tameMerge } from './merged-registry.ts';
import { type ProcessSlot, processSlot } from './process-slot.ts';
import { type AnyRegistry, internalsOf } from './prom-client-internals.ts';
import { pushOnce } from './pushes.ts';
import { SharedRegistry, type SharedRegistryOptions } from './shared-registry.ts';
import { whyUnsupported } from './supported-client.ts';
import { keepPlain, whyUnable } from './unable-platform.ts';

export interface ShareOptions {
  /**
   * Keeps the registry apart: what it counts shows on registries of this name only, in whatever process. At most 128
   * characters. Default: none, and registries without a name show what all of these count.
   */
  readonly name?: string;
  /** Whether the output ends with the `prom_multiproc_*` metrics of the sharing itself. Default: true. */
  readonly selfMetrics?: boolean;
  /**
   * Longest time in milliseconds that a scrape waits for `collect()` of the metrics, from 1 to 3,600,000; for all shared
   * registries of the process. Default: `PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS`, or 1000.
   */
  readonly collectTimeoutMs?: number;
  /**
   * Most series that a metric may have in this process; further ones are not counted. For all shared registries of the
   * process. Default: `PROMETHEUS_MULTIPROC_MAX_SERIES`, or no limit.
   */
  readonly maxSeriesPerMetric?: number;
  /** Called when this process finds that it cannot share: what it counts shows nowhere until it can. */
  readonly onFailure?: (error: Error) => void;
  /** Called when this process can share after all, with all that it counted meanwhile. */
  readonly onRecovered?: () => void;
}

const shared = new WeakMap<AnyRegistry, SharedRegistry>();

/**
 * Makes every metric of `register`, made before or after, count in the directory that `PROMETHEUS_MULTIPROC_DIR` names.
 * From then on `register.metrics()` gives the totals of all processes that share this directory, and rejects where they
 * cannot be had. Without the variable nothing changes: plain prom-client. On a platform that cannot share, or with a client that is not supported, a warning says
 * so once, and it is plain prom-client but for `metrics()`, which rejects in the processes of a cluster. A second call for
 * the same registry does nothing. Without a registry it shares the global one, of each client that is installed.
 *
 * The process takes its place in the directory at its first write; here only where it has counted before.
 */
export function share(register?: AnyRegistry, options: ShareOptions = {}): void {
  // Also where this process does not share: others may, whose totals it is given.
  for (const { Registry, AggregatorRegistry } of clientsOf(register)) {
    for (const aggregating of [Registry, AggregatorRegistry]) aggregateOnce(aggregating);
  }
  const directory = sharedDirectory();
  if (directory === undefined) return;
  const [first, ...others] = register === undefined ? globalRegisters() : [register];
  shareIn(directory, first!, options);
  // What becomes of the one slot of this process is told once.
  for (const other of others) shareIn(directory, other, { ...options, ...UNTOLD });
}

function clientsOf(register?: AnyRegistry): readonly ClientModule[] {
  if (register === undefined) return installedClients();
  const client = typeof register?.registerMetric === 'function' ? clientOf(register) : undefined;
  return client === undefined ? [] : [client];
}

function shareIn(directory: string, register: AnyRegistry, options: ShareOptions): void {
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`share() wants a registry of prom-client, not ${inspect(register, { depth: 0 })}`);
  }
  checkName(options.name);
  if (isShared(register)) return;
  const unsupported = whyUnsupported(register);
  if (unsupported !== undefined) {
    keepPlain(register, unsupported, options, 'PROM_MULTIPROC_UNSUPPORTED_CLIENT');
    return;
  }
  const unable = whyUnable(directory);
  if (unable !== undefined) {
    keepPlain(register, unable, options);
    return;
  }
  const { name, selfMetrics = true, onFailure, onRecovered } = options;
  const slot = processSlot(directory);
  slot.limits.set(options);
  slot.tell({ onFailure, onRecovered });
  makeShared(slot, register, { name, selfMetrics, mergedFrom: [] });
  tameMerge(register, shareMerged);
}

function makeShared(slot: ProcessSlot, register: AnyRegistry, options: SharedRegistryOptions): void {
  shared.set(register, new SharedRegistry(internalsOf(register), slot, options));
  const client = clientOf(register);
  if (client === undefined) return;
  pushOnce(client, (one) => shared.get(one)?.slot);
  tameAggregation(client, slot, (one) => {
    if (!isShared(one)) makeShared(slot, one, { name: undefined, selfMetrics: true, mergedFrom: [] });
    return shared.get(one)!;
  });
}

/** One that is merged of registries of which any is shared is shared like these. */
function shareMerged(merged: AnyRegistry, registers: readonly AnyRegistry[]): void {
  const mergedFrom = registers.map((one) => shared.get(one)).filter((one) => one !== undefined);
  if (mergedFrom.length === 0) return;
  const [{ slot, name }] = mergedFrom as [SharedRegistry];
  const selfMetrics = mergedFrom.some((one) => one.selfMetrics);
  makeShared(slot, merged, { name, selfMetrics, mergedFrom });
}

/** What becomes of the one slot of the process is told by way of one registry. */
const UNTOLD = { onFailure: () => {}, onRecovered: () => {} };

const LONGEST_NAME = 128;

function checkName(name: unknown): void {
  if (name === undefined) return;
  if (typeof name === 'string' && name.length > 0 && name.length <= LONGEST_NAME && !hasControl(name)) return;
  throw new TypeError(
    `share(): name is ${inspect(name)}; give a text of 1 to ${LONGEST_NAME} characters without control characters`,
  );
}

function hasControl(text: string): boolean {
  return Array.from(text).some((character) => character < ' ' || character === '\x7f');
}

/**
 * Takes this process's place in the directory now, rather than at its first write: for an application that wants to know
 * whether it can share before it says that it is ready. Tries again where an earlier try failed.
 * @returns the number of its slot; undefined where `PROMETHEUS_MULTIPROC_DIR` is unset.
 * @throws Error where this process cannot share; the message says why and what to do.
 */
export function takeSlot(): number | undefined {
  const directory = sharedDirectory();
  if (directory === undefined) return undefined;
  const unable = whyUnable(directory);
  if (unable !== undefined) throw unable;
  return processSlot(directory).takeNow();
}

export function sharedRegistry(register: AnyRegistry): SharedRegistry | undefined {
  return shared.get(register);
}

export function isShared(register: AnyRegistry): boolean {
  return shared.has(register);
}

/** Steps that read ahead what `register` is to show; none where it is not shared. */
export function* stepsAhead(register: AnyRegistry): Generator<void> {
  yield* shared.get(register)?.readAhead() ?? [];
}

/**
 * The absolute path that `PROMETHEUS_MULTIPROC_DIR` names, where a relative one was first asked for; undefined where it is
 * unset or empty.
 */
export function sharedDirectory(): string | undefined {
  const directory = process.env.PROMETHEUS_MULTIPROC_DIR;
  if (!directory) return undefined;
  const known = resolved.get(directory) ?? resolve(directory);
  resolved.set(directory, known);
  return known;
}

/** The application may change its working directory. */
const resolved = new Map<string, string>();
