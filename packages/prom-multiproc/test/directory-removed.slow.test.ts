/** The metrics directory is removed or emptied while the application runs, as systemd's RemoveIPC= or a tmpfiles cleaner does. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { clearDirectory } from '../src/clear-directory.ts';
import { Reader } from '../src/reader.ts';
import { AppProcess } from './support/application.ts';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const HOME = 'requests_total{route="/"}';
const WORKERS = 3;
const ROUNDS = 3;

/** Three processes that count, a primary that only shows metrics, and a reader outside the application. */
async function application(t: TestContext, refreshMs: number) {
  const directory = join(temporaryDirectory(t), 'my-app', 'metrics');
  const env = { PROMETHEUS_MULTIPROC_REFRESH_MS: String(refreshMs) };
  const start = () => AppProcess.start(t, directory, env);
  const workers = await Promise.all(Array.from({ length: WORKERS }, start));
  const primary = await start();
  const reader = new Reader(directory, { onUnreadable() {} });
  t.after(() => reader.close());
  let counted = 0;
  const count = async () => {
    for (const worker of workers) {
      await worker.call('requests', 'inc', { route: '/' }, 2);
      await worker.call('inFlight', 'set', 5);
      counted += 2;
    }
  };
  const shown = (text: string) => [sample(text, HOME), sample(text, 'in_flight')];
  const agree = async () => {
    const expected = [counted, 5 * WORKERS];
    assert.deepEqual(shown(await primary.metrics()), expected, 'in a process of the application');
    assert.deepEqual(shown(reader.metrics()), expected, 'in a reader');
  };
  return { directory, start, workers, primary, reader, count, agree, counted: () => counted };
}

/** Number of times that each worker has taken another slot. */
const losses = (workers: readonly AppProcess[]) =>
  Promise.all(
    workers.map(
      async (worker) => (await worker.warnings()).filter((text) => text.includes('from zero')).length,
    ),
  );

/** Number of living processes with a slot in the directory; 0 if the directory is missing. */
function livingIn(directory: string): number {
  const reader = new Reader(directory);
  try {
    return reader.slots().filter(({ live }) => live).length;
  } catch {
    return 0;
  } finally {
    reader.close();
  }
}

const REMOVALS: Record<string, (directory: string) => void> = {
  'the directory with its parent': (directory) =>
    // Retries if a process creates a file in it meanwhile.
    rmSync(join(directory, '..'), { recursive: true, maxRetries: 100, retryDelay: 1 }),
  'all of its files': (directory) => {
    for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
  },
};

for (const [what, remove] of Object.entries(REMOVALS)) {
  test(`after removal of ${what}, processes share in new files and no reader counts anything twice`, async (t) => {
    const { directory, start, workers, primary, reader, count, agree, counted } = await application(t, 10);
    await count();
    await agree();
    for (let round = 1; round <= ROUNDS; round++) {
      const before = await losses(workers);
      remove(directory);
      // No total falls meanwhile.
      await until('each process to take another slot', async () => {
        assert.equal(sample(await primary.metrics(), HOME), counted());
        const lost = (await losses(workers)).every((count, i) => count > before[i]!);
        return lost && livingIn(directory) === WORKERS;
      });
      await count();
      await agree();
      assert.equal(readdirSync(directory).length, WORKERS);
      assert.equal(statSync(directory).mode & 0o777, 0o750 & ~process.umask());
      assert.equal(sample(await primary.metrics(), 'prom_multiproc_workers'), WORKERS);
    }
    const stranger = await start();
    assert.equal(sample(await stranger.metrics(), HOME), 2 * WORKERS, 'only the counts in the new files');

    await Promise.all(workers.map((worker) => worker.kill()));
    await clearDirectory(directory, { waitMs: 60_000 });
    const next = await start();
    await next.call('requests', 'inc', { route: '/' });
    for (const text of [await primary.metrics(), reader.metrics()]) {
      assert.equal(sample(text, HOME), 1, 'no counts from before the clean start');
      assert.equal(sample(text, 'prom_multiproc_unreadable_slots'), 0);
    }
  });
}

test('after the directory is removed, the totals stay the same, and a process takes a new slot at its next refresh or scrape', async (t) => {
  const { directory, workers, primary, reader, count, agree, counted } = await application(t, 3_600_000);
  await count();
  await agree();
  rmSync(directory, { recursive: true });
  assert.throws(() => reader.metrics(), /does not exist: check that the application uses the same path/);
  assert.equal(sample(await primary.metrics(), HOME), counted());
  assert.ok(existsSync(directory));
  await workers[0]!.metrics();
  await workers[0]!.call('requests', 'inc', { route: '/' }, 10);
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  for (const text of [await primary.metrics(), reader.metrics()])
    assert.equal(sample(text, HOME), counted() + 10);
});
