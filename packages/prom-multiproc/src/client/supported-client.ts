/** Decides whether a client is supported: by the internals that this library uses, not by its version. */

import { Warnings } from '../util/warnings.ts';
import { type AnyRegistry, type ClientMetric, internalsOf, isStoredMetric } from './client-internals.ts';
import { clientVersion } from './client-version.ts';
import { clientOf } from './clients.ts';

/** Names the ranges of `peerDependencies` in package.json, and the version that the tests use. */
export const TO_INSTALL =
  'install prom-client ^15.1.0 (or @prometheus-io/client ^0.16.1). If the installed version is in this range, install a newer prom-multiproc, or prom-client 15.1.3 (or @prometheus-io/client 0.16.1)';

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

/** The reason why the client of a registry is not supported, with the fix; undefined if it is supported. */
export function whyUnsupported(register: AnyRegistry): Error | undefined {
  const missing = missingIn(register);
  return missing === undefined ? undefined : unsupported(register, missing);
}

function unsupported(register: AnyRegistry, missing: string): Error {
  const version = clientVersion(register) ?? 'this client (version unknown)';
  return new Error(`${version} is not supported: ${missing}; ${TO_INSTALL}`);
}

function missingIn(register: AnyRegistry): string | undefined {
  const registry = internalsOf(register);
  for (const method of REGISTRY_METHODS) {
    if (typeof registry[method] !== 'function') return `its registry has no ${method}()`;
  }
  if (typeof registry._defaultLabels !== 'object') return 'its registry has no _defaultLabels';
  return missingInMetrics(register);
}

/** Checks a probe metric of each kind or, if the client's classes are unknown, the metrics of the registry. */
function missingInMetrics(register: AnyRegistry): string | undefined {
  const client = clientOf(register);
  if (client === undefined) {
    const unknown = internalsOf(register).getMetricsAsArray().find(isOfUnknownKind);
    return unknown && unknownStorage(unknown);
  }
  if (!probed.has(client.Registry)) probed.set(client.Registry, probe(client as never));
  return probed.get(client.Registry);
}

const probed = new WeakMap<object, string | undefined>();

function probe(client: Record<(typeof KINDS)[number], MetricClass>): string | undefined {
  for (const kind of KINDS) {
    try {
      const metric = new client[kind]({ name: 'probe', help: 'probe', registers: [] });
      if (!isStoredMetric(metric)) return `its ${kind} stores values in an unknown format`;
    } catch (error) {
      return `its ${kind} cannot be created: ${(error as Error).message}`;
    }
  }
  return undefined;
}

/** Warns once if a metric belongs to an unsupported client and therefore shows the values of this process only. */
export function reportUnknownKind(metric: ClientMetric): undefined {
  if (!isOfUnknownKind(metric)) return;
  warnings.once(
    'PROM_MULTIPROC_UNSUPPORTED_CLIENT',
    `${unknownStorage(metric)}: it is not shared, and each process shows its own values; ${TO_INSTALL}`,
  );
}

/** Whether this is a client's metric with an unknown storage. Objects that only have a `get()` are not metrics of a client. */
function isOfUnknownKind(metric: ClientMetric): boolean {
  if (isStoredMetric(metric) || !Array.isArray(metric.labelNames)) return false;
  return [metric.inc, metric.set, metric.observe].some((method) => typeof method === 'function');
}

function unknownStorage({ name }: ClientMetric): string {
  return `${name} stores its values in an unknown format`;
}
