import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcesses } from './processes.ts';

test('pid, parent, session, state and any command name are parsed', () => {
  assert.deepEqual(parseProcesses('7 (node) S 1 7 5 0\n12 (a) b (c)) T 7 12 5 0\n'), [
    { pid: 7, parent: 1, session: 5, command: 'node', state: 'S' },
    { pid: 12, parent: 7, session: 5, command: 'a) b (c)', state: 'T' },
  ]);
});

test('a malformed line throws', () => {
  assert.throws(() => parseProcesses('cat: no such file\n'), /not a line of/);
});
