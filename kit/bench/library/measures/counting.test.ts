import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../stats/comparison.ts';
import { runCase } from '../case-process.ts';
import { asMarkdown } from '../report/table.ts';
import { COUNTING } from './counting.ts';

const FORMS = ['labels', 'labels_fresh', 'bound', 'child'];

test('inc and observe are measured with reused labels, new labels, kept children and labels() for each count', () => {
  const expected = ['inc', 'observe'].flatMap((method) => FORMS.map((form) => `${method}_${form}`));
  assert.deepEqual([...COUNTING], [...expected, 'set_child']);
});

test('the process that measures counting has exactly the listed measures', async () => {
  await assert.rejects(runCase('counting', ['nothing', 'ours']), ({ message }: Error) => {
    const [, known] = /unknown measure nothing; the measures are ([\w, ]+)/.exec(message) ?? [];
    assert.deepEqual(known?.split(', '), [...COUNTING]);
    return true;
  });
});

test('each counting measure has one row on the page', () => {
  for (const name of COUNTING) {
    const [, , ...rows] = asMarkdown({ [name]: compare({ ours: [1] }, 'ns') }).split('\n');
    assert.equal(rows.length, 1, name);
  }
  const all = asMarkdown(Object.fromEntries(COUNTING.map((name) => [name, compare({ ours: [1] }, 'ns')])));
  assert.equal(new Set(all.split('\n')).size, 2 + COUNTING.length, 'each with a label of its own');
});
