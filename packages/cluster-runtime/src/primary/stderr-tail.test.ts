import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { followStderr } from './stderr-tail.ts';

test('control characters in stderr are escaped, also if a chunk ends within one', async () => {
  const stderr = new PassThrough();
  const written: string[] = [];
  const to = new PassThrough();
  to.on('data', (chunk: Buffer) => written.push(chunk.toString('utf8')));
  const tail = followStderr(stderr, to);
  for (const byte of Buffer.from('größer\n\tat \u001b[2J\u009b2J\u007f FATAL: out of memory')) {
    stderr.write(Buffer.of(byte));
  }
  stderr.end(Buffer.of(0xc2));
  stderr.once('end', () => stderr.destroy());
  await tail.end;
  assert.equal(written.join(''), 'größer\n\tat \\u001b[2J\\u009b2J\\u007f FATAL: out of memory\ufffd');
  assert.equal(tail.heapWasFull(), true);
});
