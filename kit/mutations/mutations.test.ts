import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { occurrences } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

for (const { name, file, text, replacement, test: one } of MUTATIONS) {
  test(`the mutation "${name}" changes one place, and its test exists`, () => {
    assert.equal(occurrences(read(file), text), 1, `${file} contains ${JSON.stringify(text)} exactly once`);
    assert.notEqual(text, replacement);
    const [testFile, title] = one;
    assert.ok(read(testFile).includes(`'${title}'`), `${testFile} has a test ${JSON.stringify(title)}`);
  });
}

test('each guarantee has a mutation that breaks it', () => {
  const broken = new Set(MUTATIONS.map(({ guarantee }) => guarantee));
  assert.deepEqual([...broken].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});
