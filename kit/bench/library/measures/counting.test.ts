import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../stats/comparison.ts';
import { runCase } from '../case-process.ts';
import { asMarkdown } from '../report/table.ts';
import { COUNTING } from './counting.ts';

const FORMS = ['labels', 'labels_fresh', 'bound'];

test('inc and observe are measured with labels kept from before, with fresh ones, and bound', () => {
  const wanted = ['inc', 'observe'].flatMap((method) => FORMS.map((form) => `${method}_${form}`));
  assert.deepEqual([...COUNTING], wanted);
});

test('each way to count is known to the process that measures it', async () => {
  await assert.rejects(runCase('counting', ['nothing', 'ours']), ({ message }: Error) => {
    const [, known] = /no measure nothing; there are ([\w, ]+)/.exec(message) ?? [];
    assert.deepEqual(known?.split(', '), [...COUNTING]);
    return true;
  });
});

test('each way to count has its row on the page', () => {
  const report = Object.fromEntries(COUNTING.map((name) => [name, compare({ ours: [1] }, 'ns')]));
  const rows = asMarkdown(report).split('\n');
  for (const name of COUNTING)
    assert.equal(rows.filter((row) => row.includes(`\`${name}\``)).length, 1, name);
});
