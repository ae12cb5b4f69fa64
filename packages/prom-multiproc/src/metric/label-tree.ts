import type { ClientLabels } from '../client/client-internals.ts';

/** The common case of a node with one child, at a quarter of the memory of a Map. */
class Single<T> {
  readonly key: unknown;
  child: Node<T>;

  constructor(key: unknown, child: Node<T>) {
    this.key = key;
    this.child = child;
  }
}

/**
 * One level for each label name, keyed by its values. Where a single item is left under a node, and was stored under its
 * own labels, it stands in the place of that node: the values that are not spelled out are those of its labels.
 */
type Node<T> = Single<T> | Map<unknown, Node<T>> | T;

/** Finds what belongs to a set of labels, one label name after the other: no string is built and nothing allocated. */
export class LabelTree<T extends { readonly labels: ClientLabels }> {
  readonly #names: readonly string[];
  #root: Node<T> | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** What was stored under labels of these values; undefined also where `labels` has a name that is not ours. */
  get(labels: ClientLabels): T | undefined {
    const names = this.#names;
    let node = this.#root;
    let unmatched = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = labels[name];
      if (value !== undefined) unmatched--;
      if (node instanceof Single) node = node.key === value ? node.child : undefined;
      else if (node instanceof Map) node = node.get(value);
      else if (node === undefined || node.labels[name] !== value) return undefined;
    }
    for (const _ in labels) unmatched++;
    return unmatched === 0 ? (node as T | undefined) : undefined;
  }

  /** What was stored under labels that read the same, whatever their JavaScript types: 200 and '200' are one value. */
  find(labels: ClientLabels): T | undefined {
    return this.#findFrom(this.#root, labels, 0);
  }

  /**
   * Stores under the values of `labels`. An object, which has no lasting identity, a bigint and a text that is no Unicode are
   * stored under what they read: `find` alone finds them.
   */
  set(labels: ClientLabels, found: T): void {
    const values = this.#names.map((name) => lasting(labels[name]));
    this.#root = this.#with(this.#root, values, 0, found);
  }

  /** Forgets what was stored under labels that read the same as these. */
  delete(labels: ClientLabels): void {
    this.#root = this.#without(this.#root, labels, 0);
  }

  clear(): void {
    this.#root = undefined;
  }

  #findFrom(node: Node<T> | undefined, labels: ClientLabels, depth: number): T | undefined {
    if (node === undefined) return undefined;
    if (isItem(node)) return this.#readsAs(node, labels, depth) ? node : undefined;
    for (const twin of twins(labels[this.#names[depth]!])) {
      const found = this.#findFrom(childOf(node, twin), labels, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether the labels of an item read the same from this depth on. */
  #readsAs(item: T, labels: ClientLabels, depth: number): boolean {
    for (let i = depth; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (reading(item.labels[name]) !== reading(labels[name])) return false;
    }
    return true;
  }

  #with(node: Node<T> | undefined, values: readonly unknown[], depth: number, found: T): Node<T> {
    if (depth === values.length) return found;
    if ((node === undefined || node === found) && this.#standsFor(found, values, depth)) return found;
    const key = values[depth];
    if (node === undefined) return new Single(key, this.#with(undefined, values, depth + 1, found));
    if (isItem(node)) return this.#with(this.#spelledOut(node, depth), values, depth, found);
    const old = childOf(node, key);
    const child = this.#with(old, values, depth + 1, found);
    if (node instanceof Map) {
      if (child !== old) node.set(key, child);
    } else if (node.key === key) {
      node.child = child;
    } else {
      return new Map([[node.key, node.child] as const, [key, child] as const]);
    }
    return node;
  }

  /** Whether an item may stand in the place of a node: all further values are its own labels. */
  #standsFor(item: T, values: readonly unknown[], depth: number): boolean {
    for (let i = depth; i < values.length; i++) {
      if (item.labels[this.#names[i]!] !== values[i]) return false;
    }
    return true;
  }

  /** A node that says one level of an item's labels. */
  #spelledOut(item: T, depth: number): Single<T> {
    return new Single(item.labels[this.#names[depth]!], item);
  }

  #without(node: Node<T> | undefined, labels: ClientLabels, depth: number): Node<T> | undefined {
    if (node === undefined) return undefined;
    if (isItem(node)) return this.#readsAs(node, labels, depth) ? undefined : node;
    for (const twin of twins(labels[this.#names[depth]!])) {
      const child = childOf(node, twin);
      if (child === undefined) continue;
      const left = this.#without(child, labels, depth + 1);
      if (node instanceof Single) {
        if (left === undefined) return undefined;
        node.child = left;
      } else if (left === undefined) node.delete(twin);
      else node.set(twin, left);
    }
    return node instanceof Map && node.size === 0 ? undefined : node;
  }
}

function isItem<T>(node: Node<T>): node is T {
  return !(node instanceof Single) && !(node instanceof Map);
}

function childOf<T>(node: Single<T> | Map<unknown, Node<T>>, key: unknown): Node<T> | undefined {
  if (node instanceof Map) return node.get(key);
  return node.key === key ? node.child : undefined;
}

function lasting(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  const found = value === undefined || value === null || FOUND.has(typeof value);
  return found ? value : String(value);
}

/** Types of the values that `twins` tries. */
const FOUND: ReadonlySet<string> = new Set(['number', 'boolean']);

/** What a value is in the file; one that is left out reads as no text does. */
function reading(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value).toWellFormed();
}

/** The values under which one that reads the same may have been stored. */
function twins(value: unknown): unknown[] {
  if (value === undefined) return [undefined];
  const text = String(value).toWellFormed();
  const number = Number(text);
  const others = [number, true, false, null].filter((other) => String(other) === text);
  return [text, ...others];
}
