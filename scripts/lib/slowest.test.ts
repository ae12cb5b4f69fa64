import assert from 'node:assert/strict';
import test from 'node:test';
import { slowest, specTimes, unitTimes } from './slowest.ts';

test('the seconds of each unit-test file are read, and lines with titles are skipped', () => {
  const report = '{"file":"a.test.ts","title":"one"}\n{"file":"a.test.ts","seconds":1.5}\n';
  assert.deepEqual(unitTimes(report), [{ file: 'a.test.ts', seconds: 1.5 }]);
  assert.deepEqual(unitTimes(''), []);
});

test('the end-to-end tests of a file are added up, including those in suites', () => {
  const spec = (file: string, ...durations: number[]) => ({
    file,
    tests: [{ results: durations.map((duration) => ({ duration })) }],
  });
  const report = {
    config: { rootDir: '/checkout' },
    suites: [
      { specs: [spec('e2e/a.spec.ts', 1_000)], suites: [{ specs: [spec('e2e/a.spec.ts', 200, 300)] }] },
      { specs: [spec('kit/b.spec.ts', 40)] },
    ],
  };
  assert.deepEqual(specTimes(JSON.stringify(report)), [
    { file: '/checkout/e2e/a.spec.ts', seconds: 1.5 },
    { file: '/checkout/kit/b.spec.ts', seconds: 0.04 },
  ]);
});

test('the slowest files come first, up to the given number', () => {
  const times = [3, 1, 2].map((seconds) => ({ file: `${seconds}`, seconds }));
  assert.deepEqual(
    slowest(times, 2).map(({ file }) => file),
    ['3', '2'],
  );
});
