import assert from 'node:assert/strict';
import test from 'node:test';
import { describeFailure, failedSpecs, failedUnitTests } from './failed-tests.ts';

test('of unit tests those with an error are listed', () => {
  const failure = { file: 'a.test.ts', title: 'two', error: 'red' };
  const report = [{ file: 'a.test.ts', title: 'one' }, failure, { file: 'a.test.ts', seconds: 1 }];
  assert.deepEqual(failedUnitTests(report.map((line) => JSON.stringify(line)).join('\n')), [failure]);
});

test('of end-to-end tests the failed and the flaky ones are listed, and errors outside of tests', () => {
  const spec = (title: string, status: string, ...errors: string[]) => ({
    file: 'a.spec.ts',
    title,
    tests: [{ status, results: [{ errors: errors.map((message) => ({ message })) }] }],
  });
  const report = {
    suites: [
      { specs: [spec('green', 'expected'), spec('red', 'unexpected', 'one', 'two')] },
      { specs: [], suites: [{ specs: [spec('sometimes', 'flaky', 'three')] }] },
    ],
    errors: [{ message: 'no stack' }],
  };
  assert.deepEqual(failedSpecs(JSON.stringify(report)), [
    { file: 'a.spec.ts', title: 'red', error: 'one\ntwo' },
    { file: 'a.spec.ts', title: 'sometimes', error: 'three' },
    { file: '', title: 'outside of a test', error: 'no stack' },
  ]);
});

test('a long error is cut, and colours are removed', () => {
  const error = ['\u001b[31mred\u001b[39m', ...Array.from({ length: 20 }, (_, i) => `line ${i}`)].join('\n');
  const lines = describeFailure({ file: 'a.test.ts', title: 'one', error }).split('\n');
  assert.deepEqual(lines.slice(0, 2), ['  a.test.ts: one', '    red']);
  assert.equal(lines.at(-1), '    (6 more lines)');
  assert.equal(lines.length, 17);
});
