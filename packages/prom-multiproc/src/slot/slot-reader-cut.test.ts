/**
 * A file that is truncated while it is read does not crash the reader (FORMAT.md#reading). CUT_ROUNDS sets how often the
 * file is truncated while another process scrapes it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TextReader } from '../../test/support/directory-text.ts';
import { hookCall, whileHooked } from '../../test/support/hooked-calls.ts';
import { Random } from '../../test/support/random.ts';
import { sample } from '../../test/support/sample.ts';
import { add, addExemplar, COUNTER, definition, openWriter, TRACED } from '../../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { CELLS_PER_CHUNK, HEADER_BYTES } from '../format/layout.ts';
import { loadLibc } from '../os/libc.ts';

const ROUNDS = Number(process.env.CUT_ROUNDS ?? 100);
const PROGRAM = join(import.meta.dirname, '../../test/support/scraping-process.ts');
/** A series takes more than half a chunk of cells. */
const WIDE = definition({
  name: 'wide',
  type: 'summary',
  bounds: Array.from({ length: CELLS_PER_CHUNK / 2 }, (_, i) => i),
});
const HOME = 'requests_total{route="/"}';
const TRACED_HOME = 'traced_total{route="/"}';

/** Slot 0, which the tests truncate, counts 5 and has an exemplar. Slot 1 counts 100. Neither is held. */
function twoSlots(t: Cleanup, wideSeries: number) {
  const directory = temporaryDirectory(t);
  const [victim, other] = [openWriter(directory), openWriter(directory)];
  add(victim, COUNTER, '/', 5);
  add(victim, TRACED, '/', 1);
  addExemplar(victim, TRACED, '/', { of: 'victim' });
  for (let i = 0; i < wideSeries; i++) add(victim, WIDE, `${i}`, 1, 1);
  add(other, COUNTER, '/', 100);
  victim.close();
  other.close();
  const path = join(directory, 'slot-0.metrics');
  const good = readFileSync(path);
  const fd = openSync(path, 'r+');
  t.after(() => closeSync(fd));
  return { directory, fd, good };
}

/** Restores the file. Writes the header last, as a writer does. */
function restore(fd: number, good: Buffer): void {
  writeSync(fd, good, HEADER_BYTES, good.length - HEADER_BYTES, HEADER_BYTES);
  writeSync(fd, good, 0, HEADER_BYTES, 0);
}

const CALLS = ['openSync', 'fstatSync', 'lstatSync', 'readSync'] as const;

/** Runs `act`, and `cut` before its system call number `at`. @returns the number of system calls. */
function cutBefore(at: number, cut: () => void, act: () => void): number {
  let calls = 0;
  const counted = (call: () => unknown) => {
    if (calls++ === at) cut();
    return call();
  };
  const undo = [
    ...CALLS.map((name) => hookCall(fs, name, counted)),
    ...(['mmap', 'isLockedByAnother'] as const).map((name) => hookCall(loadLibc(), name, counted)),
  ];
  whileHooked(undo, act);
  return calls;
}

for (const [what, regrown] of [
  ['truncated', false],
  ['truncated and grown again', true],
] as const) {
  test(`a file ${what} between any two system calls of a reader crashes no reader and lowers no total`, (t) => {
    const { directory, fd, good } = twoSlots(t, 2);
    for (const known of [false, true]) {
      for (const length of regrown ? [0] : [0, HEADER_BYTES, good.length - 1]) {
        for (let at = 0, calls = 1; at < calls; at++) {
          const cleanups: (() => void)[] = [];
          const reader = new TextReader({ after: (run) => cleanups.push(run as () => void) }, directory);
          if (known) assert.equal(sample(reader.text(), HOME), 105);
          const cut = () => {
            ftruncateSync(fd, length);
            if (regrown) ftruncateSync(fd, good.length);
          };
          let seen: number | undefined;
          calls = cutBefore(at, cut, () => {
            seen = sample(reader.text(), HOME);
          });
          const where = `truncated to ${length} before call ${at} of ${calls}`;
          assert.ok(seen === 105 || (!known && seen === 100), `${where}: ${seen}`);
          const exemplar = reader.exemplars().get(TRACED_HOME) ?? '';
          assert.match(exemplar, /^$|^{of="victim"} 1 /, where);
          restore(fd, good);
          assert.equal(sample(reader.text(), HOME), 105, `${where}: restored`);
          assert.match(reader.exemplars().get(TRACED_HOME)!, /victim/, `${where}: restored`);
          for (const clean of cleanups) clean();
        }
      }
    }
  });
}

test(`a file truncated ${ROUNDS} times while another process scrapes it crashes no reader and lowers no total`, async (t) => {
  const { directory, fd, good } = twoSlots(t, 1);
  const random = new Random(1);
  let scrapes = 0;
  let falls = 0;
  const child = spawn(process.execPath, [PROGRAM, directory, HOME], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  child.stdout.on('data', (output: Buffer) => {
    scrapes += output.length;
    falls += output.filter((byte) => byte === 0x21).length;
  });
  await once(child.stdout, 'data');
  for (let round = 1; round <= ROUNDS; round++) {
    // Up to 0.3 ms, about the duration of a scrape.
    for (const until = performance.now() + random.int(300) / 1000; performance.now() < until; );
    ftruncateSync(fd, 0);
    restore(fd, good);
    const before = scrapes;
    while (scrapes === before) {
      assert.equal(child.signalCode, null, `round ${round}`);
      await turn();
    }
  }
  child.kill('SIGKILL');
  await exit;
  assert.equal(falls, 0);
  t.diagnostic(`${ROUNDS} truncations during ${scrapes} scrapes`);
});
