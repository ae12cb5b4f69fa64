/** The application's user swaps the directory for a symlink while it is cleared, as root where that is who runs this. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { clearDirectory } from './clear-directory.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const RUNS = 10_000;
const NOBODY = 65_534;
const isRoot = process.getuid!() === 0;

/** A directory that only the caller may use, and one of the application's user for the attack. */
function prepare(t: TestContext) {
  const base = temporaryDirectory(t);
  chmodSync(base, 0o755);
  const [victim, home] = [join(base, 'victim'), join(base, 'home')];
  mkdirSync(join(victim, 'metrics'), { recursive: true });
  writeFileSync(join(victim, 'metrics', 'slot-0.metrics'), '');
  for (const path of [victim, join(victim, 'metrics')]) chmodSync(path, 0o700);
  mkdirSync(join(home, 'app', 'metrics'), { recursive: true });
  if (isRoot) for (const path of ['', 'app', 'app/metrics']) chownSync(join(home, path), NOBODY, NOBODY);
  return { victim, home };
}

for (const [what, swapped, target] of [
  ['', 'app/metrics', 'metrics'],
  ["'s parent", 'app', ''],
] as const) {
  // What another user leads to is no secret of one's own: a symlink in the path is followed for an ordinary user.
  if (!isRoot && target === '') continue;
  test(`while the directory${what} is swapped for a symlink, in ${RUNS} runs nothing elsewhere is removed or gets owner or mode`, async (t) => {
    const { victim, home } = prepare(t);
    const user = isRoot ? [String(NOBODY)] : [];
    const swapper = fork(new URL('./testing/swapping-process.ts', import.meta.url), [
      join(home, swapped),
      join(victim, target),
      ...user,
    ]);
    try {
      await once(swapper, 'message');
      const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
      const came = { cleared: 0, refused: 0 };
      for (let run = 0; run < RUNS; run++) {
        await clearDirectory(join(home, 'app', 'metrics'), { ...owner, mode: 0o777, waitMs: 0 }).then(
          () => came.cleared++,
          () => came.refused++,
        );
        for (const path of [victim, join(victim, 'metrics')]) {
          const { uid, mode } = statSync(path);
          assert.deepEqual([uid, mode & 0o7777], [process.getuid!(), 0o700], `${path} after ${run} runs`);
        }
        assert.ok(existsSync(join(victim, 'metrics', 'slot-0.metrics')), `removed after ${run} runs`);
      }
      t.diagnostic(`${came.cleared} cleared, ${came.refused} refused`);
      assert.equal(swapper.exitCode, null, 'it was swapped to the end');
      assert.ok(came.cleared > 0 && came.refused > 0, 'both were met in between');
    } finally {
      // Before the directory is removed: that fails while entries come and go in it, and what ends processes later is not run.
      swapper.kill('SIGKILL');
      if (swapper.exitCode === null) await once(swapper, 'exit');
    }
  });
}
