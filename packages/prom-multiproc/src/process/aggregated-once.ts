import type { AnyRegistry } from '../client/client-internals.ts';
import { processState } from '../util/process-state.ts';

/** Of a metric in JSON: its values are of all processes that share in a directory, or of one of these. */
export interface Origin {
  /** Device and inode of the directory, and the name of the registry. */
  readonly directory: string;
  /** Seconds on the machine's monotonic clock when the totals were read; undefined of one process's part. */
  readonly at?: number;
}

export interface OriginMetric {
  readonly name: string;
  readonly aggregator?: string;
  readonly shared?: Origin;
}

type Aggregate = (lists: OriginMetric[][], ...more: unknown[]) => AnyRegistry;

const tamed = processState('aggregated once', () => new WeakSet<object>());

/**
 * Has a client's `aggregate()`, which adds up what several processes gave by `getMetricsAsJSON()`, take shared totals once:
 * each of these processes gave the same. What processes that do not share gave is added to them.
 */
export function aggregateOnce(aggregating: object): void {
  if (tamed.has(aggregating) || !Object.hasOwn(aggregating, 'aggregate')) return;
  tamed.add(aggregating);
  const owner = aggregating as { aggregate: Aggregate };
  const { aggregate } = owner;
  owner.aggregate = function aggregateShared(lists, ...more) {
    return aggregate.call(this, totalsOnce(lists), ...more);
  };
}

/** The same lists, where of shared totals the latest are left, and no part of a process that these have in them. */
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

/** An aggregator that the client does not know makes its `aggregate()` throw. There is one value: the first. */
function forClient(metric: OriginMetric): OriginMetric {
  return CLIENT_AGGREGATORS.has(metric.aggregator ?? 'sum') ? metric : { ...metric, aggregator: 'first' };
}
