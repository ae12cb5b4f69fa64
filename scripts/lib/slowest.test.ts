import assert from 'node:assert/strict';
import test from 'node:test';
import { slowest, specTimes, unitTimes } from './slowest.ts';

test('of the unit tests the seconds of each file are read, and not its titles', () => {
  const report = '{"file":"a.test.ts","title":"one"}\n{"file":"a.test.ts","seconds":1.5}\n';
  assert.deepEqual(unitTimes(report), [{ file: 'a.test.ts', seconds: 1.5 }]);
  assert.deepEqual(unitTimes(''), []);
});

test('of the end-to-end tests those of one file are added up, in suites too', () => {
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

test('the slowest come first, and no more than asked for', () => {
  const times = [3, 1, 2].map((seconds) => ({ file: `${seconds}`, seconds }));
  assert.deepEqual(
    slowest(times, 2).map(({ file }) => file),
    ['3', '2'],
  );
});
