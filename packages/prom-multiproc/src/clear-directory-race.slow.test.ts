/** While the directory is cleared (as root, if root runs the test), the application's user swaps it for a symlink. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { clearDirectory } from './clear-directory.ts';

const RUNS = 10_000;
const NOBODY = 65_534;
const isRoot = process.getuid!() === 0;

/** Creates a directory of the caller (the victim) and one of the application's user, with a symlink of root in it. */
function prepare(t: TestContext) {
  const base = temporaryDirectory(t);
  chmodSync(base, 0o755);
  const [victim, home] = [join(base, 'victim'), join(base, 'home')];
  mkdirSync(join(victim, 'metrics'), { recursive: true });
  writeFileSync(join(victim, 'metrics', 'slot-0.metrics'), '');
  for (const path of [victim, join(victim, 'metrics')]) chmodSync(path, 0o700);
  mkdirSync(join(home, 'app', 'metrics'), { recursive: true });
  if (isRoot) for (const path of ['', 'app', 'app/metrics']) chownSync(join(home, path), NOBODY, NOBODY);
  symlinkSync('app', join(home, 'current'));
  return { victim, home };
}

const BOTH = /^[1-9]\d* cleared, [1-9]\d* refused$/;
for (const [what, swapped, target, cleared, came] of [
  ['the directory', 'app/metrics', 'metrics', 'app/metrics', BOTH],
  ["the directory's parent", 'app', '', 'app/metrics', BOTH],
  // The user can replace the symlink after root has checked it. While it is absent, root creates a directory.
  ['a symlink of root', 'current', '', 'current/metrics', /, [1-9]\d* refused$/],
] as const) {
  // For an unprivileged user, symlinks in the path are followed.
  if (!isRoot && target === '') continue;
  test(`${RUNS} calls of clearDirectory() change no file in another user's directory while a user keeps replacing ${what} by a symlink to it`, async (t) => {
    const { victim, home } = prepare(t);
    const user = isRoot ? [String(NOBODY)] : [];
    const swapper = fork(new URL('../test/support/swapping-process.ts', import.meta.url), [
      join(home, swapped),
      join(victim, target),
      ...user,
    ]);
    try {
      await once(swapper, 'message');
      const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
      const count = { cleared: 0, refused: 0 };
      for (let run = 0; run < RUNS; run++) {
        await clearDirectory(join(home, cleared), { ...owner, mode: 0o777, waitMs: 0 }).then(
          () => count.cleared++,
          () => count.refused++,
        );
        for (const path of [victim, join(victim, 'metrics')]) {
          const { uid, mode } = statSync(path);
          assert.deepEqual([uid, mode & 0o7777], [process.getuid!(), 0o700], `${path} after ${run} runs`);
        }
        assert.ok(existsSync(join(victim, 'metrics', 'slot-0.metrics')), `removed after ${run} runs`);
      }
      const counted = `${count.cleared} cleared, ${count.refused} refused`;
      t.diagnostic(counted);
      assert.equal(swapper.exitCode, null, 'the swapping process ran to the end');
      assert.match(counted, came);
    } finally {
      // Kill it before the test's clean-up: the directory cannot be removed while entries change.
      swapper.kill('SIGKILL');
      if (swapper.exitCode === null) await once(swapper, 'exit');
    }
  });
}
