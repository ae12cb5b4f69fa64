/** Every statement that client-suites.md quotes exists in README.md or REFERENCE.md of the library. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIBRARY = ['README.md', 'REFERENCE.md']
  .map((name) => readFileSync(join(ROOT, 'packages/prom-multiproc', name), 'utf8').replaceAll('\n', ' '))
  .join(' ');
const PAGE = readFileSync(join(ROOT, 'docs/explanation/client-suites.md'), 'utf8');

test('every statement that explains a failing client test is in the README or the reference', () => {
  const statements = tableRows(PAGE, 'Fails shared').map((row) => row.at(-1)!);
  assert.ok(statements.length > 5);
  for (const statement of statements) {
    if (statement === 'the same') continue;
    const quotes = Array.from(statement.matchAll(/"([^"]+)"/g), ([, quote]) => quote!);
    assert.ok(quotes.length > 0, statement);
    // A colon separates the two cells of a row of the table of differences.
    for (const part of quotes.flatMap((quote) => quote.split(': ')))
      assert.ok(LIBRARY.includes(part), `neither page contains: ${part}`);
  }
});
