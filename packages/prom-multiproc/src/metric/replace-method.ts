import type { ClientMetric } from '../client/client-internals.ts';

/**
 * Whether `method` is still the client's own, not replaced by the application in a subclass or in this metric. `assigned`: name of
 * the client's method that its constructor stores under the name `method`, such as `incWithoutExemplar` under `inc`.
 */
export function isClientsOwn(client: ClientMetric, method: keyof ClientMetric, assigned = method): boolean {
  const own = clientsOwn(client, assigned);
  if (own === undefined || client[assigned] !== own) return false;
  return !Object.hasOwn(client, method) || client[method] === own;
}

/** The method of the client's class for this kind of metric: the third prototype from the end, before `Metric` and `Object`. */
function clientsOwn(client: ClientMetric, method: keyof ClientMetric): unknown {
  const classes: object[] = [];
  for (let one = Object.getPrototypeOf(client); one !== null; one = Object.getPrototypeOf(one))
    classes.push(one);
  const kind = classes.at(-3);
  return kind && Object.getOwnPropertyDescriptor(kind, method)?.value;
}

/**
 * Replaces a method. prom-client's constructor assigns `assigned` to it after the metric was registered: that assignment is
 * ignored. Assignments by the application are kept.
 * @returns the method that the metric has at present, faster than a lookup of the property
 */
export function replace(
  client: object,
  method: string,
  replacement: unknown,
  assigned?: unknown,
): () => unknown {
  let present = replacement;
  const get = () => present;
  Object.defineProperty(client, method, {
    get,
    set: (value: unknown) => {
      if (value === undefined || value !== assigned) present = value;
    },
    enumerable: true,
    configurable: true,
  });
  return get;
}
