import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../test/support/random.ts';
import type { ClientLabels } from '../client/client-internals.ts';
import { LabelTree } from './label-tree.ts';

const NAMES = ['a', 'b', 'c'];
const HALF = '\ud800';
/** Label values of different types; some have the same text. */
const VALUES = [
  undefined,
  200,
  '200',
  404,
  true,
  'true',
  null,
  'null',
  '',
  'x',
  HALF,
  '\ufffd',
  Number.NaN,
  'NaN',
];

const textOf = (labels: ClientLabels) =>
  JSON.stringify(
    NAMES.map((name) => (labels[name] === undefined ? undefined : String(labels[name]).toWellFormed())),
  );

test('after any operations, a tree finds exactly the items stored under labels with the same text', () => {
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const tree = new LabelTree<{ labels: ClientLabels }>(NAMES);
    const model = new Map<string, { labels: ClientLabels }>();
    // Few values per round, so that label sets repeat.
    const values = Array.from({ length: 4 }, () => random.pick(VALUES));
    const anyLabels = () =>
      Object.fromEntries(NAMES.map((name) => [name, random.pick(values)]).filter(([, v]) => v !== undefined));
    for (let step = 0; step < 60; step++) {
      const labels = anyLabels();
      const key = textOf(labels);
      if (random.int(5) === 0) {
        tree.delete(labels);
        model.delete(key);
        assert.equal(tree.get(labels), undefined);
      } else {
        let item = tree.find(labels);
        assert.equal(item, model.get(key));
        if (item === undefined) {
          item = { labels };
          model.set(key, item);
        }
        tree.set(labels, item);
        const isUnicode = !Object.values(labels).includes(HALF);
        assert.equal(tree.get({ ...labels }), isUnicode ? item : undefined);
        const missing = Object.fromEntries(NAMES.map((name) => [name, undefined]));
        assert.equal(tree.get({ ...missing, ...labels }), isUnicode ? item : undefined);
        for (const other of ['x', undefined])
          assert.equal(tree.get({ ...labels, other }), undefined, 'an unknown label name');
      }
      const others = anyLabels();
      const found = tree.get(others);
      assert.ok(found === undefined || found === model.get(textOf(others)));
    }
    tree.clear();
    for (const { labels } of model.values()) assert.equal(tree.find(labels), undefined);
  }
});

test('an object is found by its text, and only while its text stays the same', () => {
  const tree = new LabelTree<{ labels: ClientLabels }>(NAMES);
  let text = 'first';
  const labels = { a: { toString: () => text } };
  const item = { labels };
  tree.set(labels, item);
  assert.equal(tree.find({ a: 'first' }), item);
  text = 'second';
  assert.equal(tree.find(labels), undefined);
});
