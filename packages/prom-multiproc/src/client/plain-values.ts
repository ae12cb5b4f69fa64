import type { ClientEntry, ClientMetric } from './client-internals.ts';

interface Got {
  readonly values: readonly ClientEntry[];
}

/** Makes `get()` of a counter or a gauge return plain objects, as prom-client does, instead of series. */
export function showPlainValues(client: ClientMetric): void {
  // `inc` and `observe` are assigned later, by the constructor of the metric.
  if (!('incWithoutExemplar' in client || 'dec' in client)) return;
  const get = client.get as (this: ClientMetric) => Promise<Got>;
  client.get = async function getPlain() {
    const got = await get.call(this);
    return { ...got, values: got.values.map(plain) };
  };
}

function plain({ value, labels, exemplar }: ClientEntry): ClientEntry {
  return { value: value!, labels, ...(exemplar === undefined ? {} : { exemplar }) };
}
