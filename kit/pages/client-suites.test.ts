/** client-suites.md adds up, and each difference that it quotes is a row of REFERENCE.md or a statement of README.md of the library. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIBRARY = join(ROOT, 'packages/prom-multiproc');
const README = readFileSync(join(LIBRARY, 'README.md'), 'utf8');
const REFERENCE = readFileSync(join(LIBRARY, 'REFERENCE.md'), 'utf8');
const PAGE = readFileSync(join(ROOT, 'docs/explanation/client-suites.md'), 'utf8');

test('the README or the reference states every difference that makes a client test fail', () => {
  const rows = tableRows(PAGE, 'Fails shared');
  assert.ok(rows.length > 4);
  for (const row of rows) {
    const statement = row.at(-1)!;
    const isStated = REFERENCE.includes(`\n| ${statement} | `) || README.includes(`${statement}, `);
    assert.ok(isStated, `neither page states: ${statement}`);
  }
});

test('each test that fails only when shared is in the table of reasons', () => {
  const fails = tableRows(PAGE, 'Fails shared');
  for (const [client, , plain, shared] of tableRows(PAGE, 'Tests of')) {
    const name = /^\[(.+)\]/.exec(client!)![1]!;
    const column = ['prom-client', '@prometheus-io/client'].indexOf(name) + 1;
    const sum = fails.reduce((total, row) => total + (column > 0 ? Number(row[column]) : 0), 0);
    assert.equal(Number.parseInt(plain!, 10) - Number(shared), sum, name);
  }
});
