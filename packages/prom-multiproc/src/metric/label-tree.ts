import type { ClientLabels } from '../client/client-internals.ts';

/** A node with one child, the common case: a quarter of the memory of a Map. */
class Single<T> {
  readonly key: unknown;
  child: Node<T>;

  constructor(key: unknown, child: Node<T>) {
    this.key = key;
    this.child = child;
  }
}

/**
 * The tree has one level for each label name, keyed by label value. An item replaces a node if it is the only one below it and the
 * remaining keys equal its own labels: `get` then compares these labels.
 */
type Node<T> = Single<T> | Map<unknown, Node<T>> | T;

/** Finds an item by its labels, one label name after the other, without allocating or building strings. */
export class LabelTree<T extends { readonly labels: ClientLabels }> {
  readonly #names: readonly string[];
  #root: Node<T> | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Returns the item stored under these values, or undefined. Also undefined if `labels` has an unknown name. */
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
    if (unmatched !== 0 && unmatched !== this.#undefinedIn(labels)) return undefined;
    return node as T | undefined;
  }

  /** Returns the number of labels whose value is undefined, which are the same as missing labels. */
  #undefinedIn(labels: ClientLabels): number {
    let count = 0;
    for (const name in labels) if (labels[name] === undefined && this.#names.includes(name)) count++;
    return count;
  }

  /** As `get`, by one value for each label name, in their order. */
  at(...values: unknown[]): T | undefined {
    const count = this.#names.length;
    let node = this.#root;
    // Not a loop: V8 creates the array of a rest parameter if an index is not constant.
    if (count > 0) node = this.#below(node, 0, values[0]);
    if (count > 1) node = this.#below(node, 1, values[1]);
    if (count > 2) node = this.#below(node, 2, values[2]);
    if (count > 3) node = this.#below(node, 3, values[3]);
    if (count > 4) node = this.#belowFourth(node, ...values);
    return node as T | undefined;
  }

  #belowFourth(node: Node<T> | undefined, ...values: unknown[]): Node<T> | undefined {
    let below = node;
    for (let i = 4; i < values.length; i++) below = this.#below(below, i, values[i]);
    return below;
  }

  #below(node: Node<T> | undefined, depth: number, value: unknown): Node<T> | undefined {
    if (node instanceof Single) return node.key === value ? node.child : undefined;
    if (node instanceof Map) return node.get(value);
    return node !== undefined && node.labels[this.#names[depth]!] === value ? node : undefined;
  }

  /** Returns the item stored under labels with the same text, whatever their JavaScript types: 200 matches '200'. */
  find(labels: ClientLabels): T | undefined {
    return this.#findFrom(this.#root, labels, 0);
  }

  /**
   * Stores an item under the values of `labels`. Objects, bigints and ill-formed strings are stored under their text: only
   * `find` finds them.
   */
  set(labels: ClientLabels, found: T): void {
    const values = this.#names.map((name) => keyOf(labels[name]));
    this.#root = this.#with(this.#root, values, 0, found);
  }

  /** Deletes the item stored under labels with the same text. */
  delete(labels: ClientLabels): void {
    this.#root = this.#without(this.#root, labels, 0);
  }

  clear(): void {
    this.#root = undefined;
  }

  #findFrom(node: Node<T> | undefined, labels: ClientLabels, depth: number): T | undefined {
    if (node === undefined) return undefined;
    if (isItem(node)) return this.#matches(node, labels, depth) ? node : undefined;
    for (const key of equivalents(labels[this.#names[depth]!])) {
      const found = this.#findFrom(childOf(node, key), labels, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether the labels of an item have the same text from this depth on. */
  #matches(item: T, labels: ClientLabels, depth: number): boolean {
    for (let i = depth; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (textOf(item.labels[name]) !== textOf(labels[name])) return false;
    }
    return true;
  }

  #with(node: Node<T> | undefined, values: readonly unknown[], depth: number, found: T): Node<T> {
    if (depth === values.length) return found;
    if ((node === undefined || node === found) && this.#canReplace(found, values, depth)) return found;
    const key = values[depth];
    if (node === undefined) return nodeOf(key, this.#with(undefined, values, depth + 1, found));
    if (isItem(node)) return this.#with(this.#expand(node, depth), values, depth, found);
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

  /** Whether an item may replace a node: all further values are those of its own labels. */
  #canReplace(item: T, values: readonly unknown[], depth: number): boolean {
    for (let i = depth; i < values.length; i++) {
      if (item.labels[this.#names[i]!] !== values[i]) return false;
    }
    return true;
  }

  /** Returns a node for one level of an item's labels. */
  #expand(item: T, depth: number): Single<T> {
    return new Single(item.labels[this.#names[depth]!], item);
  }

  #without(node: Node<T> | undefined, labels: ClientLabels, depth: number): Node<T> | undefined {
    if (node === undefined) return undefined;
    if (isItem(node)) return this.#matches(node, labels, depth) ? undefined : node;
    for (const key of equivalents(labels[this.#names[depth]!])) {
      const child = childOf(node, key);
      if (child === undefined) continue;
      const left = this.#without(child, labels, depth + 1);
      if (node instanceof Single) {
        if (left === undefined) return undefined;
        node.child = left;
      } else if (left === undefined) node.delete(key);
      else node.set(key, left);
    }
    return node instanceof Map && node.size === 0 ? undefined : node;
  }
}

/** NaN is not equal to itself, but a Map finds it. */
function nodeOf<T>(key: unknown, child: Node<T>): Node<T> {
  return Number.isNaN(key) ? new Map([[key, child]]) : new Single(key, child);
}

function isItem<T>(node: Node<T>): node is T {
  return !(node instanceof Single) && !(node instanceof Map);
}

function childOf<T>(node: Single<T> | Map<unknown, Node<T>>, key: unknown): Node<T> | undefined {
  if (node instanceof Map) return node.get(key);
  return node.key === key ? node.child : undefined;
}

function keyOf(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  const isKey = value === undefined || value === null || KEY_TYPES.has(typeof value);
  return isKey ? value : String(value);
}

/** Types, beside strings, that are keys of the tree: `equivalents` must try them. */
const KEY_TYPES: ReadonlySet<string> = new Set(['number', 'boolean']);

/** The text of a value in the file; undefined for a missing label. */
function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value).toWellFormed();
}

/** The keys under which a value with the same text may have been stored. */
function equivalents(value: unknown): unknown[] {
  if (value === undefined) return [undefined];
  const text = String(value).toWellFormed();
  const number = Number(text);
  const others = [number, true, false, null].filter((other) => String(other) === text);
  return [text, ...others];
}
