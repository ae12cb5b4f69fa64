/** Messages are read again by protobufjs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { Random } from '../../test/support/random.ts';
import { padded } from './byte-writer.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

test('whole numbers up to 2^64 are written exactly, and larger ones as the limit', () => {
  const numbers = [0, 2 ** 64 - 2048];
  for (let power = 1; power < 2 ** 63; power *= 2) numbers.push(power);
  for (let power = 1; power <= 2 ** 53; power *= 2) numbers.push(power - 1);
  const out = new ProtobufWriter();
  for (const value of [...numbers, 2 ** 64, 1e300]) out.integer(1, value);
  const reader = protobuf.Reader.create(out.takeBytes());
  const read: bigint[] = [];
  while (reader.pos < reader.len) {
    assert.equal(reader.uint32(), 8);
    read.push(BigInt(String(reader.uint64())));
  }
  assert.deepEqual(read, [...numbers.map(BigInt), 2n ** 64n - 2048n, 2n ** 64n - 2048n]);
});

test('doubles keep all bits, but -0 is 0 as in text', () => {
  const out = new ProtobufWriter();
  const numbers = [0.1, -1e300, 5e-324, Infinity, -Infinity, Number.NaN, 0];
  for (const value of [...numbers, -0]) out.double(2, value);
  const reader = protobuf.Reader.create(out.takeBytes());
  for (const value of [...numbers, 0]) {
    assert.equal(reader.uint32(), 17);
    assert.ok(Object.is(reader.double(), value), String(value));
  }
});

test('nested messages, texts and encoded fields of any length are written completely and in order', () => {
  const random = new Random(3);
  const out = new ProtobufWriter();
  const expected: string[] = [];
  for (let i = 0; i < 600; i++) {
    const length = random.pick([i, 127, 128, 16_383, 16_384, 20_000]);
    const text = 'ü'.repeat(length / 2) + 'x'.repeat(length % 2);
    const bytes = Buffer.from(text);
    const [outer, inner] = [out.begin(), out.begin(3)];
    out.text(1, text);
    out.end(inner);
    out.beginKnown(4, bytes.length);
    out.encoded(padded(bytes), 0, bytes.length);
    out.end(outer);
    out.valued(4, padded(bytes), 0, bytes.length, 3, -i / 8);
    expected.push(text);
  }
  const reader = protobuf.Reader.create(out.takeBytes());
  for (const [i, text] of expected.entries()) {
    const end = reader.uint32() + reader.pos;
    assert.equal(reader.uint32(), 26);
    reader.uint32();
    assert.equal(reader.uint32(), 10);
    assert.equal(reader.string(), text);
    assert.equal(reader.uint32(), 34);
    assert.equal(reader.string(), text);
    assert.equal(reader.pos, end);
    assert.equal(reader.uint32(), 34);
    assert.equal(reader.uint32(), Buffer.byteLength(text) + 11);
    const from = reader.pos;
    reader.skip(Buffer.byteLength(text));
    assert.equal(Buffer.from(reader.buf.subarray(from, reader.pos)).toString(), text);
    assert.deepEqual([reader.uint32(), reader.uint32(), reader.uint32()], [26, 9, 9]);
    assert.ok(Object.is(reader.double(), i === 0 ? 0 : -i / 8));
  }
  assert.equal(reader.pos, reader.len);
});
