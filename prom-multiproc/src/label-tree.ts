import type { ClientLabels } from './prom-client-internals.ts';

/** The common case of a node with one child, at a quarter of the memory of a Map. */
class Single<T> {
  readonly key: unknown;
  child: Node<T> | T;

  constructor(key: unknown, child: Node<T> | T) {
    this.key = key;
    this.child = child;
  }
}

type Node<T> = Single<T> | Map<unknown, Node<T> | T>;

/** Finds what belongs to a set of labels, one label name after the other: no string is built and nothing allocated. */
export class LabelTree<T extends object> {
  readonly #names: readonly string[];
  #root: Node<T> | T | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** What was stored under labels of these values; undefined also where `labels` has a name that is not ours. */
  get(labels: ClientLabels): T | undefined {
    const names = this.#names;
    let node = this.#root;
    let unmatched = 0;
    for (let i = 0; i < names.length; i++) {
      if (node === undefined) return undefined;
      const value = labels[names[i]!];
      if (value !== undefined) unmatched--;
      node = childOf(node as Node<T>, value);
    }
    for (const _ in labels) unmatched++;
    return unmatched === 0 ? (node as T | undefined) : undefined;
  }

  /** What was stored under labels that read the same, whatever their JavaScript types: 200 and '200' are one value. */
  find(labels: ClientLabels): T | undefined {
    let node = this.#root;
    for (const name of this.#names) {
      if (node === undefined) return undefined;
      const value = labels[name];
      node = twins(value)
        .map((twin) => childOf(node as Node<T>, twin))
        .find((child) => child !== undefined);
    }
    return node as T | undefined;
  }

  /** Stores under the values of `labels`; an object is stored under what it reads, for it has no lasting identity. */
  set(labels: ClientLabels, found: T): void {
    const values = this.#names.map((name) => lasting(labels[name]));
    this.#root = withPath(this.#root as Node<T> | undefined, values, 0, found);
  }

  /** Forgets what was stored under labels that read the same as these. */
  delete(labels: ClientLabels): void {
    const values = this.#names.map((name) => labels[name]);
    this.#root = withoutPaths(this.#root, values, 0);
  }

  clear(): void {
    this.#root = undefined;
  }
}

function childOf<T>(node: Node<T>, key: unknown): Node<T> | T | undefined {
  if (node instanceof Single) return node.key === key ? node.child : undefined;
  return node.get(key);
}

function withPath<T>(
  node: Node<T> | undefined,
  values: readonly unknown[],
  depth: number,
  found: T,
): Node<T> | T {
  if (depth === values.length) return found;
  const key = values[depth];
  const old = node && (childOf(node, key) as Node<T> | undefined);
  const child = withPath(old, values, depth + 1, found);
  if (node === undefined) return new Single(key, child);
  if (node instanceof Single) {
    if (node.key !== key) return new Map([[node.key, node.child] as const, [key, child] as const]);
    node.child = child;
  } else if (child !== old) {
    node.set(key, child);
  }
  return node;
}

function withoutPaths<T>(
  node: Node<T> | T | undefined,
  values: readonly unknown[],
  depth: number,
): Node<T> | undefined {
  if (node === undefined || depth === values.length) return undefined;
  const inner = node as Node<T>;
  for (const twin of twins(values[depth])) {
    const child = childOf(inner, twin);
    if (child === undefined) continue;
    const left = withoutPaths(child, values, depth + 1);
    if (inner instanceof Single) {
      if (left === undefined) return undefined;
      inner.child = left;
    } else if (left === undefined) inner.delete(twin);
    else inner.set(twin, left);
  }
  return inner instanceof Map && inner.size === 0 ? undefined : inner;
}

function lasting(value: unknown): unknown {
  const passing = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return passing ? String(value) : value;
}

/** The values under which one that reads the same may have been stored. */
function twins(value: unknown): unknown[] {
  if (value === undefined) return [undefined];
  const text = String(value);
  const number = Number(text);
  const others = [number, true, false, null].filter((other) => String(other) === text);
  return [text, text.toWellFormed(), ...others];
}
