import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { FileFollower, readLog } from './file-follower.ts';

function follow(t: TestContext) {
  const path = join(temporaryDirectory(t), 'app.log');
  writeFileSync(path, 'before\n');
  const lines: string[] = [];
  const follower = new FileFollower(path, (line) => lines.push(line));
  t.after(() => follower.close());
  return { path, lines, follower };
}

/** As supervisord does: RotatingFileHandler.doRollover in supervisor/loggers.py. */
function rotate(path: string, files: number): void {
  for (let n = files; n > 0; n--) renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
}

test('each whole line that is appended later is passed on once', (t) => {
  const { path, lines, follower } = follow(t);
  appendFileSync(path, 'one\ntw');
  follower.look();
  follower.look();
  assert.deepEqual(lines, ['one']);
  appendFileSync(path, 'o\n');
  follower.look();
  assert.deepEqual(lines, ['one', 'two']);
});

test('a character that is appended in two parts is whole', (t) => {
  const { path, lines, follower } = follow(t);
  const bytes = Buffer.from('é\n');
  appendFileSync(path, bytes.subarray(0, 1));
  follower.look();
  appendFileSync(path, bytes.subarray(1));
  follower.look();
  assert.deepEqual(lines, ['é']);
});

test('no line is lost when the log is rotated, also twice between two looks', (t) => {
  const { path, lines, follower } = follow(t);
  appendFileSync(path, 'one\n');
  follower.look();
  appendFileSync(path, 'two\n');
  rotate(path, 1);
  follower.look();
  writeFileSync(path, 'three\n');
  rotate(path, 2);
  writeFileSync(path, 'four\n');
  rotate(path, 3);
  writeFileSync(path, 'five\n');
  follower.look();
  assert.deepEqual(lines, ['one', 'two', 'three', 'four', 'five']);
  assert.equal(readLog(path), 'before\none\ntwo\nthree\nfour\nfive\n');
});
