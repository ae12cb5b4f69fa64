import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingSamples, samplesOfMatrix } from './samples.ts';

const answer = JSON.stringify({
  data: {
    result: [
      {
        metric: { job: 'app', __name__: 'up' },
        values: [
          [1.005, '1'],
          [6.005, '0'],
        ],
      },
    ],
  },
});
const SERIES = '[["__name__","up"],["job","app"]]';
const sent = samplesOfMatrix(answer);

test('samples of a matrix have their series, times in milliseconds and values', () => {
  assert.deepEqual(sent, [
    { series: SERIES, at: 1005, value: 1 },
    { series: SERIES, at: 6005, value: 0 },
  ]);
});

test('a sample is missing unless one with the same series, time and value was received', () => {
  const [first, second] = sent;
  assert.deepEqual(missingSamples(sent, [...sent].reverse()), []);
  assert.deepEqual(missingSamples(sent, [first!]), [second]);
  for (const other of [{ series: '[]' }, { at: 1006 }, { value: 2 }])
    assert.deepEqual(missingSamples(sent, [{ ...first!, ...other }, second!]), [first]);
});
