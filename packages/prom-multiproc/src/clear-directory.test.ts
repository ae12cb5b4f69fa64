import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppProcess } from '../test/support/application.ts';
import { AT_ONCE, assertRefused, counted } from '../test/support/clearing.ts';
import { TextReader } from '../test/support/directory-text.ts';
import { openWriter } from '../test/support/slot-files.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { type ClearOptions, clearDirectory } from './clear-directory.ts';
import { AT_PID } from './format/layout.ts';
import { loadLibc } from './os/libc.ts';
import { holdLowestFreeSlot } from './slot/slot-lock.ts';

/** A clock that advances only in pauses, which call `onPause` instead of waiting. */
function pausing(waitMs: number, onPause: (elapsed: number) => void) {
  let elapsed = 0;
  const options: ClearOptions = {
    waitMs,
    now: () => elapsed,
    pause: async (ms) => {
      elapsed += ms;
      onPause(elapsed);
    },
  };
  return { options, elapsed: () => elapsed };
}

test('a missing directory is created with its parents, owner and mode', async (t) => {
  const directory = join(temporaryDirectory(t), 'a', 'metrics');
  const owner = { uid: process.getuid!(), gid: process.getgid!() };
  const cleared = await clearDirectory(directory, { ...owner, mode: 0o2770, waitMs: 0 });
  assert.deepEqual(cleared, { directory, created: true, removed: 0 });
  const { uid, gid, mode } = statSync(directory);
  assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { ...owner, mode: 0o2770 });
});

test('other users cannot access a new directory by default', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  await clearDirectory(directory, AT_ONCE);
  assert.equal(statSync(directory).mode & 0o007, 0);
});

test('an existing directory keeps its owner and mode by default', async (t) => {
  const directory = counted(t);
  const before = statSync(directory);
  await clearDirectory(`${directory}/`, AT_ONCE);
  const { uid, gid, mode } = statSync(directory);
  assert.deepEqual({ uid, gid, mode }, { uid: before.uid, gid: before.gid, mode: before.mode });
  await clearDirectory(directory, { mode: 0o700, waitMs: 0 });
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test('all slot files are removed, including damaged and unborn ones, and counts restart from zero', async (t) => {
  const directory = counted(t);
  writeFileSync(join(directory, 'slot-9.metrics'), 'damaged');
  writeFileSync(join(directory, 'slot-9999.metrics'), '');
  assert.deepEqual(await clearDirectory(directory, AT_ONCE), { directory, created: false, removed: 4 });
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(openWriter(directory).slot, 0);
  assert.equal(new TextReader(t, directory).text(), '\n');
});

test('clearing continues when the last holder ends during the wait', async (t) => {
  const directory = counted(t);
  const holders = [openWriter(directory), openWriter(directory)];
  const { options, elapsed } = pausing(1000, (elapsed) => {
    assert.equal(readdirSync(directory).length, 2, 'nothing is removed before all are free');
    if (elapsed === 200) holders[1]!.close();
    if (elapsed === 400) holders[0]!.close();
  });
  assert.equal((await clearDirectory(directory, options)).removed, 2);
  assert.equal(elapsed(), 400);
});

test('clearing is refused if a holder outlasts the wait, and nothing is removed', async (t) => {
  const directory = counted(t);
  const holders = [openWriter(directory), openWriter(directory)];
  holders[0]!.close();
  const { options, elapsed } = pausing(1000, () => {});
  await assertRefused(
    directory,
    new RegExp(`a living process still holds slot-1\\.metrics after 1 s: pid ${process.pid}; stop it first$`),
    options,
  );
  assert.equal(elapsed(), 1000);
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
  assert.equal(openWriter(directory).slot, 0, 'the free slot is unlocked again');
});

test('a refusal names the pids of up to five holders', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  const start = async () => {
    const app = await AppProcess.start(t, directory);
    await app.takeSlot();
    return app.pid;
  };
  const pids = [await start()];
  await assertRefused(
    directory,
    new RegExp(`holds slot-0\\.metrics after 0 s: pid ${pids[0]}; stop it first$`),
  );
  pids.push(await start());
  const both = `pid ${pids[0]}, pid ${pids[1]}`;
  await assertRefused(
    directory,
    new RegExp(`living processes still hold 2 slots after 0 s: ${both}; stop them first$`),
  );
  for (let i = 2; i < 7; i++) pids.push(await start());
  const five = pids.slice(0, 5).map((pid) => `pid ${pid}`);
  await assertRefused(
    directory,
    new RegExp(`hold 7 slots after 0 s: ${five.join(', ')} and 2 more; stop them first$`),
  );
});

test('a refusal names a pid once for several slots', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  for (let i = 0; i < 2; i++) openWriter(directory);
  await assertRefused(
    directory,
    new RegExp(`a living process still holds 2 slots after 0 s: pid ${process.pid}; stop it first$`),
  );
});

test('a refusal says that a process without a pid is just starting', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  mkdirSync(directory);
  const take = () => {
    const { fd } = holdLowestFreeSlot(loadLibc(), directory);
    t.after(() => closeSync(fd));
  };
  take();
  const again = 'try again, or stop the application first$';
  await assertRefused(
    directory,
    new RegExp(
      `a living process still holds slot-0\\.metrics after 0 s: just starting, no pid yet; ${again}`,
    ),
  );
  take();
  await assertRefused(
    directory,
    new RegExp(
      `living processes still hold 2 slots after 0 s: just starting, no pid yet \\(2 slots\\); ${again}`,
    ),
  );
});

test('a refusal does not take two containers with the same pid for one process', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  const paths = [openWriter(directory), openWriter(directory)].map(({ slot }) =>
    join(directory, `slot-${slot}.metrics`),
  );
  const pid = Buffer.alloc(4);
  // This pid exists in no PID namespace of this machine, so it means a process of another one.
  pid.writeUInt32LE(4_194_305);
  for (const path of paths) {
    const fd = openSync(path, 'r+');
    writeSync(fd, pid, 0, 4, AT_PID);
    closeSync(fd);
  }
  await assertRefused(
    directory,
    /living processes still hold 2 slots after 0 s: pid 4194305 in another PID namespace \(2 slots\); stop them first$/,
  );
});

test('during the wait a new process can take a free slot and creates no file', async (t) => {
  const directory = counted(t);
  const [dead] = [openWriter(directory), openWriter(directory)];
  dead!.close();
  const { options } = pausing(100, () => {
    const worker = openWriter(directory);
    assert.equal(worker.slot, 0);
    worker.close();
  });
  await assertRefused(directory, /a living process still holds slot-1\.metrics/, options);
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
});

test('clearing succeeds if another process removes a slot file during the wait', async (t) => {
  const directory = counted(t);
  const holder = openWriter(directory);
  const { options } = pausing(1000, () => {
    unlinkSync(join(directory, 'slot-1.metrics'));
    holder.close();
  });
  await clearDirectory(directory, options);
  assert.deepEqual(readdirSync(directory), []);
});
