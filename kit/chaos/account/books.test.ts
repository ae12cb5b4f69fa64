import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Counts } from '../observe/scrapes.ts';
import { Books, balance } from './books.ts';
import { Ledger } from './ledger.ts';

const counts = (get: number, post: number, histogram = get): Counts => ({
  GET: { counter: get, histogram },
  POST: { counter: post, histogram: post },
});

function ledgerWith(certain: number, uncertain: number): Ledger {
  const ledger = new Ledger();
  Object.assign(ledger.bounds.GET, { answered: certain, certain, uncertain });
  return ledger;
}

test('any count from certain to certain + uncertain balances', () => {
  for (const counted of [10, 11, 12]) {
    const { lost, surplus } = balance(ledgerWith(10, 2), counts(5, 5), counts(5 + counted, 5));
    assert.deepEqual([counted, lost, surplus], [counted, 0, 0]);
  }
});

test('an increment below that range is lost, one above it is surplus', () => {
  assert.equal(balance(ledgerWith(10, 2), counts(0, 0), counts(9, 0)).lost, 1);
  assert.equal(balance(ledgerWith(10, 2), counts(0, 0), counts(13, 0)).surplus, 1);
});

test('counter and histogram must both balance, and so must each method', () => {
  assert.equal(balance(ledgerWith(10, 0), counts(0, 0), counts(10, 0, 8)).lost, 2);
  assert.equal(balance(ledgerWith(10, 0), counts(0, 0), counts(10, 0, 11)).surplus, 1);
  // A surplus POST does not compensate for a lost GET.
  const { lost, surplus } = balance(ledgerWith(10, 0), counts(0, 0), counts(9, 1));
  assert.deepEqual([lost, surplus], [1, 1]);
});

test('the books add up all balances and name each one that does not balance', () => {
  const books = new Books();
  books.add(balance(ledgerWith(10, 1), counts(0, 0), counts(10, 0)), 'first');
  books.add(balance(ledgerWith(10, 1), counts(0, 0), counts(7, 0)), 'second');
  const { closed, answered, counted, uncertain, lost, surplus, wrong } = books.report;
  assert.deepEqual([closed, answered, counted, uncertain, lost, surplus], [2, 20, 17, 2, 3, 0]);
  assert.equal(wrong.length, 1);
  assert.match(wrong[0]!, /^second: /);
});
