import assert from 'node:assert/strict';
import test from 'node:test';
import { compare } from './compare.ts';

const in_ = (file: string, ...titles: string[]) => titles.map((title) => ({ file, title }));

test('a test that only moved to another file is kept', () => {
  const { kept, missing, added } = compare(
    in_('a.test.ts', 'one', 'two'),
    in_('b.test.ts', 'two', 'one'),
    [],
  );
  assert.deepEqual({ kept, missing, added }, { kept: 2, missing: [], added: [] });
});

test('a title that is gone is missing, unless its successors are named and there', () => {
  const before = in_('a.test.ts', 'one', 'two', 'three');
  const after = in_('a.test.ts', 'one', 'the second');
  const { missing, renamed, deadSuccessors, added } = compare(before, after, [
    { before: 'two', after: ['the second', 'another'] },
  ]);
  assert.deepEqual(missing, in_('a.test.ts', 'three'));
  assert.equal(renamed.length, 1);
  assert.deepEqual(deadSuccessors, ['another']);
  assert.deepEqual(added, []);
});

test('of a title in two files each has to be there', () => {
  const before = [...in_('a.test.ts', 'one'), ...in_('b.test.ts', 'one')];
  assert.deepEqual(compare(before, in_('a.test.ts', 'one'), []).missing, in_('b.test.ts', 'one'));
});

test('an entry for what is not missing is idle', () => {
  const titles = in_('a.test.ts', 'one');
  assert.deepEqual(compare(titles, titles, [{ before: 'one', after: ['one'] }]).idle, ['one']);
});
