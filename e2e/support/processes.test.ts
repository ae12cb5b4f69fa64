import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcesses } from './processes.ts';

test('pid, parent, state and any command name are parsed', () => {
  assert.deepEqual(parseProcesses('7 (node) S 1 7 7 0\n12 (a) b (c)) T 7 7 7 0\n'), [
    { pid: 7, parent: 1, command: 'node', state: 'S' },
    { pid: 12, parent: 7, command: 'a) b (c)', state: 'T' },
  ]);
});

test('a malformed line throws', () => {
  assert.throws(() => parseProcesses('cat: no such file\n'), /not a line of/);
});
