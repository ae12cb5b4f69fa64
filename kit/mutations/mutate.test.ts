import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { runMutations } from './mutate.ts';
import type { Mutation } from './mutations.ts';

const SOURCE = 'export const one = 1;\nexport const two = 2;\n';
const TESTS = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { one } from './numbers.ts';
test('one is 1', () => assert.equal(one, 1));
test('one is 2', () => assert.equal(one, 2));
`;

test('a mutation is killed only by a failing test, and the checkout is unchanged', (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'numbers.ts'), SOURCE);
  writeFileSync(join(root, 'numbers.test.ts'), TESTS);
  execFileSync('git', ['init', '-q'], { cwd: root });
  const mutation = (name: string, text: string, title: string): Mutation => ({
    name,
    guarantee: 1,
    file: 'numbers.ts',
    text,
    replacement: text.replace(/\d/, '7'),
    test: ['numbers.test.ts', title],
  });
  const results = runMutations(root, [
    mutation('seen', 'one = 1', 'one is 1'),
    mutation('unseen', 'two = 2', 'one is 1'),
    mutation('twice', 'export const', 'one is 1'),
    mutation('nowhere', 'three = 3', 'one is 1'),
    mutation('red before', 'one = 1', 'one is 2'),
    mutation('without a test', 'one = 1', 'one is 3'),
  ]);
  assert.deepEqual(
    [...results].map(({ mutation, verdict }) => [mutation.name, verdict]),
    [
      ['seen', 'killed'],
      ['unseen', 'survived'],
      ['twice', 'text not found exactly once'],
      ['nowhere', 'text not found exactly once'],
      ['red before', 'test fails without the mutation'],
      ['without a test', 'no such test'],
    ],
  );
  assert.equal(readFileSync(join(root, 'numbers.ts'), 'utf8'), SOURCE);
});
