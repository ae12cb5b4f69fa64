import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { reportBundledClient } from './client/bundled-client.ts';
import { onClientCopy, watchLoading } from './client/client-copies.ts';
import { type AnyRegistry, internalsOf } from './client/client-internals.ts';
import { allClients, type ClientModule, clientOf, globalRegisters } from './client/clients.ts';
import { lookForVariable, shareOnceVariableIsSet } from './client/late-variable.ts';
import { tameMerge } from './client/merged-registry.ts';
import { whyUnsupported } from './client/supported-client.ts';
import { aggregateOnce } from './process/aggregated-once.ts';
import { tameAggregation } from './process/aggregator-registry.ts';
import { type ProcessSlot, processSlot } from './process/process-slot.ts';
import { pushOnce } from './process/pushes.ts';
import { SharedRegistry, type SharedRegistryOptions, sharedRegistries } from './process/shared-registry.ts';
import { hasMetrics, noteRegister, watchUnshared } from './process/unshared-metrics.ts';
import { keepPlain, whyUnsupportedPlatform } from './process/unsupported-platform.ts';
import { processState } from './util/process-state.ts';

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

const shared = processState('shared', () => new WeakMap<AnyRegistry, SharedRegistry>());
/** What a second copy of this library, as the preload may be one, knows a shared registry by. */
const SHARED = Symbol.for('prom-multiproc.shared');
let addsUpOnce = false;
let sharesGlobalRegisters = false;
/** Of all calls of `share()` without a registry, for the clients that are loaded later. */
let optionsOfGlobal: ShareOptions = {};
/** What registries that wait for the variable are to be shared with. */
const waiting = new WeakMap<AnyRegistry, ShareOptions>();

/**
 * Makes every metric of `register`, made before or after, count in the directory that `PROMETHEUS_MULTIPROC_DIR` names.
 * From then on `register.metrics()` gives the totals of all processes that share this directory, and rejects where they
 * cannot be had. Until the variable is set it is plain prom-client; what was counted meanwhile is shared then. On a platform
 * that cannot share, or with a client that is not supported, a warning says so once, and it is plain prom-client but for
 * `metrics()`, which rejects in the processes of a cluster. Without a registry it shares the global one of both clients and
 * of every copy of them, of those loaded later too. Of several calls for one registry each option holds as it was given last.
 *
 * The process takes its place in the directory at its first write; here only where it has counted before.
 * @throws TypeError for a name other than the one, or none, by which the registry is shared already
 */
export function share(register?: AnyRegistry, options: ShareOptions = {}): void {
  checkName(options.name);
  // Also where this process does not share: others may, whose totals it is given.
  for (const client of clientsOf(register)) addUpOnce(client);
  addUpOnceInEachCopy();
  const directory = sharedDirectory();
  if (directory === undefined) {
    shareLater(register, options);
    return;
  }
  lookForVariable();
  if (register === undefined) shareGlobalRegisters(directory, options);
  else shareIn(directory, register, options);
}

/** Shares the global registry of each client, of those loaded later too. */
function shareGlobalRegisters(directory: string, options: ShareOptions): void {
  const [first, ...others] = globalRegisters();
  shareIn(directory, first!, options);
  const silent = { ...optionsOfGlobal, ...given(options), ...SILENT };
  optionsOfGlobal = silent;
  if (sharesGlobalRegisters) {
    for (const other of others) shareIn(directory, other, silent);
    return;
  }
  sharesGlobalRegisters = true;
  watchLoading();
  reportBundledClient(hasMetrics);
  // The state of the one slot of this process is reported once.
  onClientCopy(({ client }) => shareIn(directory, client.register, optionsOfGlobal));
}

/** Once `PROMETHEUS_MULTIPROC_DIR` is set. */
function shareLater(register: AnyRegistry | undefined, options: ShareOptions): void {
  if (register !== undefined) {
    const known = waiting.get(register);
    if (known?.name !== undefined) checkSameName(known.name, options.name);
    waiting.set(register, { ...known, ...given(options) });
    shareOnceVariableIsSet(register, () => share(register, waiting.get(register)));
    return;
  }
  watchLoading();
  let rest = options;
  onClientCopy(({ client }) => {
    share(client.register, rest);
    rest = { ...options, ...SILENT };
  });
}

function clientsOf(register?: AnyRegistry): readonly ClientModule[] {
  if (register === undefined) return allClients();
  const client = typeof register?.registerMetric === 'function' ? clientOf(register) : undefined;
  return client === undefined ? [] : [client];
}

/** Of those that share nothing too: the application may add totals up by any. */
function addUpOnceInEachCopy(): void {
  if (addsUpOnce) return;
  addsUpOnce = true;
  watchLoading();
  onClientCopy(({ client }) => addUpOnce(client));
}

function addUpOnce({ Registry, AggregatorRegistry }: ClientModule): void {
  for (const aggregating of [Registry, AggregatorRegistry]) aggregateOnce(aggregating);
}

function shareIn(directory: string, register: AnyRegistry, options: ShareOptions): void {
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`share() wants a registry of prom-client, not ${inspect(register, { depth: 0 })}`);
  }
  const known = shared.get(register);
  if (known !== undefined) shareAgain(known, options);
  if (isShared(register)) return;
  const unsupported = whyUnsupported(register);
  if (unsupported !== undefined) {
    keepPlain(register, unsupported, options, 'PROM_MULTIPROC_UNSUPPORTED_CLIENT');
    return;
  }
  const unable = whyUnsupportedPlatform(directory);
  if (unable !== undefined) {
    keepPlain(register, unable, options);
    return;
  }
  const { name, selfMetrics = true, onFailure, onRecovered } = options;
  const slot = processSlot(directory);
  slot.limits.set(options);
  slot.addListener({ onFailure, onRecovered });
  makeShared(slot, register, { name, selfMetrics, mergedFrom: [] });
  tameMerge(register, shareMerged);
}

function shareAgain(known: SharedRegistry, options: ShareOptions): void {
  checkSameName(known.name, options.name);
  const { selfMetrics, onFailure, onRecovered } = options;
  known.slot.limits.set(options);
  known.selfMetrics = selfMetrics ?? known.selfMetrics;
  if (onFailure !== undefined || onRecovered !== undefined)
    known.slot.addListener({ onFailure, onRecovered });
}

function makeShared(slot: ProcessSlot, register: AnyRegistry, options: SharedRegistryOptions): void {
  Object.defineProperty(register, SHARED, { value: true });
  shared.set(register, new SharedRegistry(internalsOf(register), slot, options));
  watchUnshared(slot, isShared);
  noteRegister(register);
  const client = clientOf(register);
  if (client === undefined) return;
  addUpOnce(client);
  pushOnce(client, (one) => shared.get(one)?.slot);
  tameAggregation(client, slot, (one) => {
    if (!shared.has(one)) makeShared(slot, one, { name: undefined, selfMetrics: true, mergedFrom: [] });
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

/** The state of the one slot of the process is reported through one registry. */
const SILENT = { onFailure: () => {}, onRecovered: () => {} };

const LONGEST_NAME = 128;

function checkName(name: unknown): void {
  if (name === undefined) return;
  if (typeof name === 'string' && name.length > 0 && name.length <= LONGEST_NAME && !hasControl(name)) return;
  throw new TypeError(
    `share(): name is ${inspect(name)}; give a text of 1 to ${LONGEST_NAME} characters without control characters`,
  );
}

/** What was counted cannot change its place. */
function checkSameName(known: string | undefined, name: string | undefined): void {
  if (name === undefined || name === known) return;
  throw new TypeError(
    `share(): name is ${inspect(name)}, and this registry is shared ${known === undefined ? 'without a name' : `as ${inspect(known)}`} already, by an earlier call or by the preload at its first metric: give it the name before that`,
  );
}

/** Without those that are undefined. */
function given(options: ShareOptions): ShareOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
  lookForVariable();
  const unable = whyUnsupportedPlatform(directory);
  if (unable !== undefined) throw unable;
  return processSlot(directory).takeNow();
}

export function sharedRegistry(register: AnyRegistry): SharedRegistry | undefined {
  return shared.get(register);
}

export function isShared(register: AnyRegistry): boolean {
  return Object.hasOwn(register, SHARED);
}

/** Steps that read ahead what `register`, or any shared one, is to show; none where it is not shared. */
export function* stepsAhead(register: AnyRegistry | undefined): Generator<void> {
  const from = register === undefined ? sharedRegistries()[0] : shared.get(register);
  yield* from?.readAhead() ?? [];
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
const resolved = processState('resolved', () => new Map<string, string>());
