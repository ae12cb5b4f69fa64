import type { AnyRegistry } from '../client/client-internals.ts';
import { processState } from '../util/process-state.ts';

/** Marks a metric in JSON as the totals of a shared directory, or as one process's part of them. */
export interface Origin {
  /** Device and inode of the directory, and the name of the registry. */
  readonly directory: string;
  /** Time in seconds at which the totals were read, on the machine's monotonic clock; undefined for one process's part. */
  readonly at?: number;
}

export interface OriginMetric {
  readonly name: string;
  readonly aggregator?: string;
  readonly shared?: Origin;
}

type Aggregate = (lists: OriginMetric[][], ...more: unknown[]) => AnyRegistry;

const wrapped = processState('aggregated once', () => new WeakSet<object>());

/**
 * Makes a client's `aggregate()`, which sums the `getMetricsAsJSON()` of several processes, count shared totals once: all
 * processes that share return the same totals. Metrics of processes that do not share are added.
 */
export function aggregateOnce(aggregating: object): void {
  if (wrapped.has(aggregating) || !Object.hasOwn(aggregating, 'aggregate')) return;
  wrapped.add(aggregating);
  const owner = aggregating as { aggregate: Aggregate };
  const { aggregate } = owner;
  owner.aggregate = function aggregateShared(lists, ...more) {
    return aggregate.call(this, totalsOnce(lists), ...more);
  };
}

/** Keeps only the latest of the shared totals, and drops the parts of processes that these totals include. */
export function totalsOnce(lists: OriginMetric[][]): OriginMetric[][] {
  const latest = new Map<string, OriginMetric & { shared: Origin }>();
  for (const metric of lists.flat()) {
    const { shared } = metric;
    if (shared?.at === undefined) continue;
    const known = latest.get(keyOf(metric, shared));
    if (known === undefined || shared.at > known.shared.at!)
      latest.set(keyOf(metric, shared), { ...metric, shared });
  }
  if (latest.size === 0) return lists;
  const directories = new Set([...latest.values()].map(({ shared }) => shared.directory));
  const others = lists.map((list) =>
    list.filter(({ shared }) => !shared || !directories.has(shared.directory)),
  );
  return [[...latest.values()].map(forClient), ...others];
}

function keyOf({ name }: OriginMetric, { directory }: Origin): string {
  return JSON.stringify([directory, name]);
}

const CLIENT_AGGREGATORS = new Set(['sum', 'first', 'min', 'max', 'average', 'omit']);

/** Replaces aggregators that would make the client's `aggregate()` throw. There is only one value, so `first` is right. */
function forClient(metric: OriginMetric): OriginMetric {
  return CLIENT_AGGREGATORS.has(metric.aggregator ?? 'sum') ? metric : { ...metric, aggregator: 'first' };
}
