/**
 * Which clients fit: by what this library relies on inside them, not by their version, so that a later one which keeps it
 * fits too.
 */

import { Warnings } from '../util/warnings.ts';
import { type AnyRegistry, type ClientMetric, internalsOf, isStoredMetric } from './client-internals.ts';
import { clientVersion } from './client-version.ts';
import { clientOf } from './clients.ts';

/** As package.json has them in `peerDependencies`. */
export const TO_INSTALL = 'install prom-client ^15.1.0 (or @prometheus-io/client ^0.16.1)';

const REGISTRY_METHODS = [
  'metrics',
  'registerMetric',
  'getMetricsAsArray',
  'getMetricsAsString',
  'getMetricsAsJSON',
  'getSingleMetric',
  'removeSingleMetric',
  'clear',
] as const;

type MetricClass = new (config: object) => ClientMetric;

const KINDS = ['Counter', 'Gauge', 'Histogram', 'Summary'] as const;

const warnings = new Warnings();

/** Why the client that a registry is of does not fit, with what to do; undefined where it fits. */
export function whyUnsupported(register: AnyRegistry): Error | undefined {
  const lacking = lackingIn(register);
  return lacking === undefined ? undefined : unsupported(register, lacking);
}

function unsupported(register: AnyRegistry, lacking: string): Error {
  const version = clientVersion(register) ?? 'this client of unknown version';
  return new Error(`${version} is not supported: ${lacking}; ${TO_INSTALL}`);
}

function lackingIn(register: AnyRegistry): string | undefined {
  const registry = internalsOf(register);
  for (const method of REGISTRY_METHODS) {
    if (typeof registry[method] !== 'function') return `its registry has no ${method}()`;
  }
  if (typeof registry._defaultLabels !== 'object') return 'its registry has no _defaultLabels';
  return lackingInMetrics(register);
}

/** By a metric of each kind, made for this; where the client's classes are unknown, by those of the registry. */
function lackingInMetrics(register: AnyRegistry): string | undefined {
  const client = clientOf(register);
  if (client === undefined) {
    const unknown = internalsOf(register).getMetricsAsArray().find(isOfUnknownKind);
    return unknown && lackingStorage(unknown);
  }
  if (!probed.has(client.Registry)) probed.set(client.Registry, probe(client as never));
  return probed.get(client.Registry);
}

const probed = new WeakMap<object, string | undefined>();

function probe(client: Record<(typeof KINDS)[number], MetricClass>): string | undefined {
  for (const kind of KINDS) {
    try {
      const metric = new client[kind]({ name: 'probe', help: 'probe', registers: [] });
      if (!isStoredMetric(metric)) return `its ${kind} keeps values in an unknown way`;
    } catch (error) {
      return `its ${kind} cannot be made: ${(error as Error).message}`;
    }
  }
  return undefined;
}

/** Says once that a metric of a client which does not fit shows what this process alone has counted. */
export function reportUnknownKind(metric: ClientMetric): undefined {
  if (!isOfUnknownKind(metric)) return;
  warnings.once(
    'PROM_MULTIPROC_UNSUPPORTED_CLIENT',
    `${lackingStorage(metric)}: it is not shared, each process shows its own values; ${TO_INSTALL}`,
  );
}

/** A metric of a client, other than an object that merely has a `get()`, whose storage is not one of the known. */
function isOfUnknownKind(metric: ClientMetric): boolean {
  if (isStoredMetric(metric) || !Array.isArray(metric.labelNames)) return false;
  return [metric.inc, metric.set, metric.observe].some((method) => typeof method === 'function');
}

function lackingStorage({ name }: ClientMetric): string {
  return `${name} keeps its values in an unknown way`;
}
