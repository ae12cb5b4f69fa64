import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { reportBundledClient } from './client/bundled-client.ts';
import { onClientCopy, watchLoading } from './client/client-copies.ts';
import { type AnyRegistry, internalsOf } from './client/client-internals.ts';
import { allClients, type ClientModule, clientOf, globalRegisters } from './client/clients.ts';
import { lookForVariable, shareOnceVariableIsSet } from './client/late-variable.ts';
import { watchMerge } from './client/merged-registry.ts';
import { whyUnsupported } from './client/supported-client.ts';
import { aggregateOnce } from './process/aggregated-once.ts';
import { replaceAggregation } from './process/aggregator-registry.ts';
import { type ProcessSlot, processSlot } from './process/process-slot.ts';
import { pushOnce } from './process/pushes.ts';
import { SharedRegistry, type SharedRegistryOptions, sharedRegistries } from './process/shared-registry.ts';
import { hasMetrics, noteRegister, watchUnshared } from './process/unshared-metrics.ts';
import { keepPlain, whyUnsupportedPlatform } from './process/unsupported-platform.ts';
import { processState } from './util/process-state.ts';

export interface ShareOptions {
  /**
   * Shows the counts of this registry only in registries of the same name, in all processes. 1 to 128 characters.
   * Default: no name. Such a registry shows the counts of all registries without a name. Exception: a metric that another
   * registry of this process has, and this one does not, is shown there only.
   */
  readonly name?: string;
  /** Appends the self-metrics, `prom_multiproc_*`: metrics of the library about itself. Default: true. */
  readonly selfMetrics?: boolean;
  /**
   * Maximum time in milliseconds that a scrape waits for the `collect()` functions, from 1 to 3,600,000. Applies to all
   * shared registries of the process. Default: `PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS`, or 1000.
   */
  readonly collectTimeoutMs?: number;
  /**
   * Maximum number of series of a metric in the slot of this process, including removed series and those of earlier
   * processes. Series beyond the limit are not counted. Applies to all shared registries of the process. Default: `PROMETHEUS_MULTIPROC_MAX_SERIES`, or no limit.
   */
  readonly maxSeriesPerMetric?: number;
  /**
   * Adds the start time of each series as `<name>_created` to pages in OpenMetrics, which are then offered to scrapers. Protocol
   * buffers always have it. Applies to all shared registries of the process. Default: false.
   */
  readonly includeCreatedTimestamps?: boolean;
  /** Called when this process cannot share. Its counts show nowhere until `onRecovered` is called. */
  readonly onFailure?: (error: Error) => void;
  /** Called when this process can share after a failure. Counts made meanwhile are included. */
  readonly onRecovered?: () => void;
}

const shared = processState('shared', () => new WeakMap<AnyRegistry, SharedRegistry>());
/** Marks a shared registry for other copies of this library in the process, such as the preload. */
const SHARED = Symbol.for('prom-multiproc.shared');
let patchesAggregate = false;
let sharesGlobalRegisters = false;
/** Merged options of all calls of `share()` without a registry, for clients that are loaded later. */
let optionsOfGlobal: ShareOptions = {};
/** Options of the registries that wait for `PROMETHEUS_MULTIPROC_DIR` to be set. */
const waiting = new WeakMap<AnyRegistry, ShareOptions>();

/**
 * Makes every metric of `register`, existing or future, count in the directory named by `PROMETHEUS_MULTIPROC_DIR`.
 * `register.metrics()` then returns the totals of all processes that share the directory, and rejects if it cannot read
 * them. Without `register`, shares the global registry of both clients and of every copy of them, loaded now or later.
 *
 * - While the variable is unset, the registry is plain prom-client. Counts made meanwhile are shared once it is set.
 * - If the platform or the client is not supported, the process warns once and the registry stays plain prom-client, except
 *   that `metrics()` rejects in the processes of a cluster.
 * - May be called again for a registry: options that are given replace earlier ones.
 * - Takes a slot only if metrics were counted before. Otherwise the first write takes it.
 * @throws TypeError if an option is invalid, or if `name` differs from the name under which the registry is already shared
 * @throws Error if no client is installed
 */
export function share(register?: AnyRegistry, options: ShareOptions = {}): void {
  checkName(options.name);
  // Needed even if this process does not share: it may aggregate the totals of processes that do.
  for (const client of clientsOf(register)) patchAggregate(client);
  patchAggregateOfCopies();
  const directory = sharedDirectory();
  if (directory === undefined) {
    shareLater(register, options);
    return;
  }
  lookForVariable();
  if (register === undefined) shareGlobalRegisters(directory, options);
  else shareIn(directory, register, options);
}

/** Shares the global registry of each client, loaded now or later. */
function shareGlobalRegisters(directory: string, options: ShareOptions): void {
  const [first, ...others] = globalRegisters();
  shareIn(directory, first!, options);
  const silent = { ...optionsOfGlobal, ...definedOnly(options), ...NO_CALLBACKS };
  optionsOfGlobal = silent;
  if (sharesGlobalRegisters) {
    for (const other of others) shareIn(directory, other, silent);
    return;
  }
  sharesGlobalRegisters = true;
  watchLoading();
  reportBundledClient(hasMetrics);
  onClientCopy(({ client }) => shareIn(directory, client.register, optionsOfGlobal));
}

/** Shares once `PROMETHEUS_MULTIPROC_DIR` is set. */
function shareLater(register: AnyRegistry | undefined, options: ShareOptions): void {
  if (register !== undefined) {
    const known = waiting.get(register);
    if (known?.name !== undefined) checkSameName(known.name, options.name);
    waiting.set(register, { ...known, ...definedOnly(options) });
    shareOnceVariableIsSet(register, () => share(register, waiting.get(register)));
    return;
  }
  watchLoading();
  let rest = options;
  onClientCopy(({ client }) => {
    share(client.register, rest);
    rest = { ...options, ...NO_CALLBACKS };
  });
}

function clientsOf(register?: AnyRegistry): readonly ClientModule[] {
  if (register === undefined) return allClients();
  const client = typeof register?.registerMetric === 'function' ? clientOf(register) : undefined;
  return client === undefined ? [] : [client];
}

/** Patches every copy of a client: the application may aggregate with a copy that shares nothing. */
function patchAggregateOfCopies(): void {
  if (patchesAggregate) return;
  patchesAggregate = true;
  watchLoading();
  onClientCopy(({ client }) => patchAggregate(client));
}

function patchAggregate({ Registry, AggregatorRegistry }: ClientModule): void {
  for (const aggregating of [Registry, AggregatorRegistry]) aggregateOnce(aggregating);
}

function shareIn(directory: string, register: AnyRegistry, options: ShareOptions): void {
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`share(): expected a prom-client registry, got ${inspect(register, { depth: 0 })}`);
  }
  const known = shared.get(register);
  if (known !== undefined) shareAgain(known, options);
  if (isShared(register)) return;
  const unsupportedClient = whyUnsupported(register);
  if (unsupportedClient !== undefined) {
    keepPlain(register, unsupportedClient, options, 'PROM_MULTIPROC_UNSUPPORTED_CLIENT');
    return;
  }
  const unsupportedPlatform = whyUnsupportedPlatform(directory);
  if (unsupportedPlatform !== undefined) {
    keepPlain(register, unsupportedPlatform, options);
    return;
  }
  const { name, selfMetrics = true, onFailure, onRecovered } = options;
  const slot = processSlot(directory);
  slot.setOptions(options);
  slot.addListener({ onFailure, onRecovered });
  makeShared(slot, register, { name, selfMetrics, mergedFrom: [] });
  watchMerge(register, shareMerged);
}

function shareAgain(known: SharedRegistry, options: ShareOptions): void {
  checkSameName(known.name, options.name);
  const { selfMetrics, onFailure, onRecovered } = options;
  known.slot.setOptions(options);
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
  patchAggregate(client);
  pushOnce(client, (one) => shared.get(one)?.slot);
  replaceAggregation(client, slot, (one) => {
    if (!shared.has(one)) makeShared(slot, one, { name: undefined, selfMetrics: true, mergedFrom: [] });
    return shared.get(one)!;
  });
}

/** Shares a merged registry if at least one of its sources is shared. */
function shareMerged(merged: AnyRegistry, registers: readonly AnyRegistry[]): void {
  const mergedFrom = registers.map((one) => shared.get(one)).filter((one) => one !== undefined);
  if (mergedFrom.length === 0) return;
  const [{ slot, name }] = mergedFrom as [SharedRegistry];
  const selfMetrics = mergedFrom.some((one) => one.selfMetrics);
  makeShared(slot, merged, { name, selfMetrics, mergedFrom });
}

/** For all but the first registry: the process has one slot and reports its state once. */
const NO_CALLBACKS = { onFailure: () => {}, onRecovered: () => {} };

const LONGEST_NAME = 128;

function checkName(name: unknown): void {
  if (name === undefined) return;
  if (typeof name === 'string' && name.length > 0 && name.length <= LONGEST_NAME && !hasControl(name)) return;
  throw new TypeError(
    `share(): name must be a string of 1 to ${LONGEST_NAME} characters without control characters, got ${inspect(name)}`,
  );
}

/** A registry keeps its name: its counts are stored under it. */
function checkSameName(known: string | undefined, name: string | undefined): void {
  if (name === undefined || name === known) return;
  throw new TypeError(
    `share(): cannot name this registry ${inspect(name)}: an earlier call or the preload has shared it ${known === undefined ? 'without a name' : `as ${inspect(known)}`}. Pass the name in the first call, before the registry's first metric`,
  );
}

function definedOnly(options: ShareOptions): ShareOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function hasControl(text: string): boolean {
  return Array.from(text).some((character) => character < ' ' || character === '\x7f');
}

/**
 * Takes the slot of this process now instead of at its first write. Call it before you report the process as ready. Tries
 * again if an earlier attempt failed.
 * @returns the slot number, or undefined if `PROMETHEUS_MULTIPROC_DIR` is unset
 * @throws Error if this process cannot share; the message gives the cause and the fix
 */
export function takeSlot(): number | undefined {
  const directory = sharedDirectory();
  if (directory === undefined) return undefined;
  lookForVariable();
  const reason = whyUnsupportedPlatform(directory);
  if (reason !== undefined) throw reason;
  return processSlot(directory).takeNow();
}

export function sharedRegistry(register: AnyRegistry): SharedRegistry | undefined {
  return shared.get(register);
}

export function isShared(register: AnyRegistry): boolean {
  return Object.hasOwn(register, SHARED);
}

/** Steps that read new series ahead for `register`, or for any shared registry. Empty if it is not shared. */
export function* readAheadSteps(register: AnyRegistry | undefined): Generator<void> {
  const from = register === undefined ? sharedRegistries()[0] : shared.get(register);
  yield* from?.readAhead() ?? [];
}

/**
 * The absolute path of `PROMETHEUS_MULTIPROC_DIR`, or undefined if it is unset or empty. A relative path is resolved once,
 * because the application may change its working directory.
 */
export function sharedDirectory(): string | undefined {
  const directory = process.env.PROMETHEUS_MULTIPROC_DIR;
  if (!directory) return undefined;
  const known = resolved.get(directory) ?? resolve(directory);
  resolved.set(directory, known);
  return known;
}

const resolved = processState('resolved', () => new Map<string, string>());
