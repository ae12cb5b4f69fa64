import type { ClientLabels } from './prom-client-internals.ts';

type Node<T> = Map<unknown, Node<T> | T>;

/** Finds what belongs to a set of labels by one Map a label name: no string is built and nothing allocated. */
export class LabelTree<T extends object> {
  readonly #names: readonly string[];
  #root: Node<T> = new Map();
  #unlabelled: T | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** What was stored under labels of these values; undefined also where `labels` has a name that is not ours. */
  get(labels: ClientLabels): T | undefined {
    const names = this.#names;
    let node: Node<T> | T | undefined = names.length === 0 ? this.#unlabelled : this.#root;
    let unmatched = 0;
    for (let i = 0; i < names.length; i++) {
      const value = labels[names[i]!];
      if (value !== undefined) unmatched--;
      node = (node as Node<T>).get(value);
      if (node === undefined) return undefined;
    }
    for (const _ in labels) unmatched++;
    return unmatched === 0 ? (node as T) : undefined;
  }

  /** Stores under the values of `labels`, unless one of them is an object: those have no lasting identity. */
  set(labels: ClientLabels, found: T): void {
    const names = this.#names;
    const values = names.map((name) => labels[name]);
    if (values.length === 0) this.#unlabelled = found;
    if (values.length === 0 || values.some(isObjectOrFunction)) return;
    let node = this.#root;
    for (const value of values.slice(0, -1)) {
      let next = node.get(value) as Node<T> | undefined;
      if (next === undefined) {
        next = new Map();
        node.set(value, next);
      }
      node = next;
    }
    node.set(values.at(-1), found);
  }

  clear(): void {
    this.#root = new Map();
    this.#unlabelled = undefined;
  }
}

function isObjectOrFunction(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
