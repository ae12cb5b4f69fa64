import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../test/support/random.ts';
import { PADDING } from './byte-writer.ts';
import { formatValue, TextWriter } from './text-writer.ts';

function view(text: string): DataView {
  return new DataView(Uint8Array.from([...Buffer.from(text), ...Buffer.alloc(PADDING)]).buffer);
}

function written(value: number): string {
  const out = new TextWriter();
  out.number(value);
  return out.take();
}

test('numbers are formatted as in JavaScript', () => {
  const random = new Random(1);
  const numbers = [0, -0, 1, -1, 9, 10, 99, 100, 0.1, -0.5, 1e21, 1.5e300, 5e-324, Infinity, -Infinity, NaN];
  for (let power = 1; power <= 2 ** 60; power *= 2)
    numbers.push(power - 1, power, power + 1, -power, 1 / power);
  for (let power = 1; power <= 1e18; power *= 10) numbers.push(power - 1, power, power + 1, 1 - power);
  for (let i = 0; i < 20_000; i++) {
    const digits = 10 ** random.int(17);
    numbers.push(Math.floor((random.int(2 ** 31) / 2 ** 31) * digits), random.int(2 ** 31) / digits);
  }
  for (const value of numbers) assert.equal(written(value), formatValue(value));
});

test('pieces of any length are written completely and in order', () => {
  const random = new Random(2);
  const out = new TextWriter();
  let expected = '';
  for (let i = 0; i < 3000; i++) {
    const length = random.int(100) === 0 ? random.int(200_000) : random.int(70);
    const text = 'wörter'.repeat(length / 6);
    const bytes = view(text);
    out.bytes(bytes, 0, bytes.byteLength - PADDING);
    out.number(i);
    expected += text + i;
  }
  out.string('end');
  assert.equal(out.take(), `${expected}end`);
  assert.equal(out.take(), '');
});

test('taken bytes do not change until they are reused, which is possible for the last ones only', () => {
  const out = new TextWriter();
  const taken = (text: string) => {
    out.string(text);
    return out.takeBytes();
  };
  const [first, second] = [taken('first'), taken('second')];
  out.reuse(first);
  const third = taken('third');
  assert.deepEqual([first, second, third].map(String), ['first', 'second', 'third']);
  out.reuse(third);
  taken('other');
  assert.deepEqual([first, second, third].map(String), ['first', 'second', 'other']);
});
