import type { AnyRegistry } from '../client/client-internals.ts';
import type { ClientModule } from '../client/clients.ts';
import { familyKey, type MetricDefinition } from '../format/layout.ts';
import { processState } from '../util/process-state.ts';
import type { ProcessSlot } from './process-slot.ts';

/** One series for each grouping key that a living process has pushed under. No page shows it: no registry can have its name. */
const PUSHED: MetricDefinition = {
  name: 'pushed',
  help: 'Grouping keys that this process has pushed under.',
  type: 'gauge',
  aggregator: 'all',
  labelNames: ['key'],
  bounds: [],
  registry: '\u0001pushes',
};

interface PushParameters {
  readonly jobName?: unknown;
  readonly groupings?: Readonly<Record<string, unknown>> | null;
}

type Push = (this: { readonly registry: AnyRegistry }, parameters?: PushParameters) => Promise<unknown>;

const wrapped = processState('pushes', () => new WeakSet<object>());

/**
 * Makes `push()` and `pushAdd()` of a client's Pushgateway reject if another process pushes the same totals under a different
 * grouping key. Otherwise a sum over the groups would multiply the totals.
 */
export function pushOnce(
  { Pushgateway }: ClientModule,
  slotOf: (register: AnyRegistry) => ProcessSlot | undefined,
): void {
  if (Pushgateway === undefined || wrapped.has(Pushgateway)) return;
  wrapped.add(Pushgateway);
  const prototype = Pushgateway.prototype as unknown as Record<'push' | 'pushAdd', Push>;
  for (const method of ['push', 'pushAdd'] as const) {
    const push = prototype[method];
    prototype[method] = async function pushShared(parameters) {
      const slot = slotOf(this.registry);
      if (slot !== undefined) checkGroupingKey(slot, groupingKey(parameters));
      return push.call(this, parameters);
    };
  }
}

function groupingKey({ jobName, groupings }: PushParameters = {}): string {
  const pairs = Object.entries(groupings ?? {}).map(([name, value]) => [name, String(value)]);
  return JSON.stringify(Object.fromEntries([['job', String(jobName)], ...pairs.sort()]));
}

/** @throws Error if another process pushes under another key */
function checkGroupingKey(slot: ProcessSlot, key: string): void {
  slot.selfMetrics.set(PUSHED, 1, [key]);
  const family = slot.read().families.get(familyKey(PUSHED));
  const bySlot = new Map<number, string[]>();
  for (const [series] of family?.groups() ?? []) {
    const [[, pushed] = ['', '']] = family!.table.labels(series!);
    for (const { slot: number } of family!.table.valuesBySlot(series!)) {
      bySlot.set(number, [...(bySlot.get(number) ?? []), pushed]);
    }
  }
  for (const [number, keys] of bySlot) {
    if (number === slot.number || keys.includes(key)) continue;
    slot.selfMetrics.set(PUSHED, Number.NaN, [key]);
    throw new Error(
      `push under ${key} rejected: another process pushes the same totals under ${keys[0]}, so they would be added up. Push from one process only, or under the same grouping key in all. To push each process separately, send the text of ownMetrics() yourself`,
    );
  }
}
