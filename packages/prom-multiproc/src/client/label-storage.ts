import type { ClientEntry, ClientLabels, StorageListener, StoredSeries } from './client-internals.ts';

/** Returns an object that behaves like the `LabelMap` in which @prometheus-io/client stores series. */
export function labelStorage(
  listener: StorageListener,
  storage: ClientStorage,
  labelNames: readonly string[],
): LabelStorage {
  const ClientsOwn = storage.constructor as new (labelNames: readonly string[]) => ClientStorage;
  return new LabelStorage(listener, () => new ClientsOwn(labelNames));
}

/** The client's own `LabelMap`. */
interface ClientStorage {
  /** @throws Error for a label name that the metric does not have */
  validate(labels: ClientLabels): true;
}

/** Moves the sum and count of a summary beside its labels: @prometheus-io/client stores them in `value`. */
export function withoutNesting({ value, ...entry }: ClientEntry): ClientEntry {
  if (typeof value === 'object') return { ...(value as object), labels: entry.labels };
  return value === undefined ? entry : { ...entry, value };
}

type Entry = StoredSeries & { value?: unknown };

class LabelStorage {
  readonly #listener: StorageListener;
  readonly #clientsOwn: () => ClientStorage;

  constructor(listener: StorageListener, clientsOwn: () => ClientStorage) {
    this.#listener = listener;
    this.#clientsOwn = clientsOwn;
  }

  get size(): number {
    return this.#listener.index().size;
  }

  /** A snapshot, because a summary removes entries while it iterates. */
  values(): IterableIterator<StoredSeries> {
    return [...this.#listener.index().values()].values();
  }

  entry(labels: ClientLabels): Entry | undefined {
    return this.#listener.find(this.keyFrom(labels));
  }

  get(labels: ClientLabels): unknown {
    return this.entry(labels)?.value;
  }

  set(labels: ClientLabels, value: unknown = 0): this {
    const entry = this.entry(labels);
    if (entry !== undefined) entry.value = value;
    // Only the constructor of a summary sets an object.
    else if (typeof value === 'object') this.#add(labels, value as ClientEntry, true);
    else this.#add(labels, { value } as ClientEntry, false);
    return this;
  }

  setDelta(labels: ClientLabels, delta = 0): this {
    const entry = this.entry(labels);
    if (entry === undefined) this.#add(labels, { value: delta } as ClientEntry, false);
    else entry.value = (entry.value as number) + delta;
    return this;
  }

  getOrAdd(labels: ClientLabels, make: () => ClientEntry): unknown {
    return (this.entry(labels) ?? this.#add(labels, make(), false)).value;
  }

  merge(labels: ClientLabels, values: Omit<ClientEntry, 'labels'>): Entry {
    // Only the constructor of a histogram without labels, and the first call after `reset()`, finds no entry.
    const isFirst = values.count === 0 && this.entry(labels) === undefined && isEmpty(labels);
    return this.#add(labels, { ...values, labels }, isFirst);
  }

  remove(labels: ClientLabels): void {
    this.#listener.onDelete(this.keyFrom(labels));
  }

  clear(): void {
    for (const key of [...this.#listener.index().keys()]) this.#listener.onDelete(key);
  }

  validate(labels: ClientLabels): true {
    return this.#listener.hasLabels(labels) || this.#clientsOwn().validate(labels);
  }

  keyFrom(labels: ClientLabels | null | undefined): string {
    return this.#listener.keyOf(labels ?? {});
  }

  #add(labels: ClientLabels, entry: ClientEntry, isFirst: boolean): Entry {
    const key = this.keyFrom(labels);
    const whole = withoutNesting({ ...entry, labels: labels ?? {} });
    return isFirst ? this.#listener.onFirst(key, whole) : this.#listener.onStore(key, whole);
  }
}

function isEmpty(labels: ClientLabels): boolean {
  for (const _ in labels) return false;
  return true;
}
