/** Like crash-points.test.ts, but a separate process is killed by SIGKILL at each point. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TextReader } from './support/directory-text.ts';
import { values } from './support/sample.ts';
import { add, addExemplar, COUNTER, openWriter, TRACED } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, 'support/crashing-process.ts');
const AT_ONCE = 4;
const COUNTED = 'requests_total{route="/"}';

/** @returns the signal that ended the process; null if it exited. */
async function countAndCrash(directory: string, point: number): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--no-warnings', PROGRAM, directory, String(point)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  assert.ok(signal !== null || code === 0, `point ${point}: exit code ${code}`);
  return signal;
}

function shown(t: TestContext, directory: string, where: string): Map<string, number> {
  const reader = new TextReader(t, directory);
  const found = values(reader.text());
  assert.deepEqual(reader.errors, [], where);
  return found;
}

/**
 * Starts one process for each point and kills it there. Ends when a process reaches its end without being killed. The directory
 * begins with the count `before`.
 */
async function crashAtEachPoint(t: TestContext, before: number): Promise<number> {
  let killed = 0;
  let ended = false;
  const one = async (point: number): Promise<void> => {
    const where = `killed at point ${point}`;
    const directory = temporaryDirectory(t);
    if (before > 0) {
      const first = openWriter(directory);
      add(first, COUNTER, '/', before);
      add(first, TRACED, '/', 1);
      addExemplar(first, TRACED, '/', { trace_id: 'before' });
      first.close();
    }
    if ((await countAndCrash(directory, point)) === null) {
      ended = true;
      return;
    }
    killed += 1;
    const found = shown(t, directory, where);
    const counted = found.get(COUNTED) ?? 0;
    assert.ok([before, before + 5].includes(counted), `${where}: ${counted} counted`);
    assert.ok(
      [...found.keys()].every((series) => !series.startsWith('in_flight')),
      `${where}: its gauge is shown`,
    );
    const reader = new TextReader(t, directory);
    const exemplar = reader.exemplars().get('traced_total{route="/"}');
    assert.ok(exemplar === undefined || /"(1|2|before)"/.test(exemplar), `${where}: ${exemplar}`);
    if (before > 0) assert.ok(exemplar !== undefined, `${where}: its exemplar is lost`);
    const successor = openWriter(directory);
    add(successor, COUNTER, '/', 1);
    successor.close();
    assert.equal(shown(t, directory, where).get(COUNTED), counted + 1, `${where}: taken over`);
    const files = readdirSync(directory).filter((name) => name.startsWith('slot-'));
    assert.deepEqual(files, ['slot-0.metrics'], where);
  };
  for (let point = 0; !ended; point += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => one(point + i)));
  }
  t.diagnostic(`${killed} processes killed, one at each point`);
  return killed;
}

test('SIGKILL at any point of creating a slot file and its series loses and adds no counts', async (t) => {
  assert.ok((await crashAtEachPoint(t, 0)) >= 30);
});

test('SIGKILL at any point of taking over a slot loses and adds no counts', async (t) => {
  assert.ok((await crashAtEachPoint(t, 100)) >= 20);
});
