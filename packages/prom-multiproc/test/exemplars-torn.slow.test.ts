/**
 * An exemplar is read whole or not at all, and never as that of another series, while processes that store exemplars without pause
 * are killed. TORN_READS sets how often the directory is read.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TextReader } from './support/directory-text.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const READS = Number(process.env.TORN_READS ?? 3000);
const SERIES = 150;
const KILL_EVERY = 100;
const PROGRAM = join(import.meta.dirname, 'support/tracing-process.ts');

test(`${READS} readings of exemplars while their processes are killed show no torn one`, async (t) => {
  const directory = temporaryDirectory(t);
  const start = async () => {
    const child = spawn(process.execPath, ['--no-warnings', PROGRAM, directory, `${SERIES}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  let child = await start();
  const reader = new TextReader(t, directory);
  let shown = 0;
  let missing = 0;
  const last = new Map<string, string>();
  let changes = 0;
  for (let reads = 1; reads <= READS; reads++) {
    const found = reader.exemplars();
    for (const [series, exemplar] of found) {
      const [, value] = /route="(\d+)"/.exec(series)!;
      const [, labels, amount] = /^{of="(\d+)"} (\d+) /.exec(exemplar)!;
      assert.equal(amount, value, `${series}: ${exemplar}`);
      assert.equal(labels!.replaceAll(value!, ''), '', `${series}: ${exemplar}`);
      if (last.get(series) !== exemplar) changes++;
      last.set(series, exemplar);
    }
    shown += found.size;
    missing += SERIES - found.size;
    if (reads % KILL_EVERY === 0) {
      child.kill('SIGKILL');
      await once(child, 'exit');
      const kept = reader.exemplars();
      assert.equal(kept.size, SERIES, 'the exemplars of a dead process are all there');
      child = await start();
    }
    await turn();
  }
  assert.deepEqual(reader.errors, []);
  assert.ok(changes > SERIES, 'exemplars were stored while they were read');
  t.diagnostic(`${shown} exemplars shown, ${missing} missing, ${changes} changed between two readings`);
});
