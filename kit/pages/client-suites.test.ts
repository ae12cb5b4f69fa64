/** client-suites.md quotes README.md and REFERENCE.md of the library word by word. */
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

test('each sentence that states why a test of a client is red is in the README or the reference', () => {
  const sentences = tableRows(PAGE, 'Red shared').map((row) => row.at(-1)!);
  assert.ok(sentences.length > 5);
  for (const sentence of sentences) {
    if (sentence === 'the same') continue;
    const quotes = Array.from(sentence.matchAll(/"([^"]+)"/g), ([, quote]) => quote!);
    assert.ok(quotes.length > 0, sentence);
    // Both columns of a row of the table of differences.
    for (const part of quotes.flatMap((quote) => quote.split(': ')))
      assert.ok(LIBRARY.includes(part), `neither page says: ${part}`);
  }
});
