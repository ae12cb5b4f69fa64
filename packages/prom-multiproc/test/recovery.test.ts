/** A process that cannot share for a while loses no counts. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppProcess } from './support/application.ts';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const HOME = '{route="/"}';

/** A process whose directory cannot be created, because a file is in its place. */
async function withoutDirectory(t: TestContext, env: Record<string, string> = {}) {
  const directory = join(temporaryDirectory(t), 'metrics');
  writeFileSync(directory, '');
  const app = await AppProcess.start(t, directory, env);
  return { directory, app };
}

/** Waits until metrics() succeeds. */
function served(app: AppProcess): Promise<string> {
  return until('the metrics', () => app.metrics().catch(() => undefined));
}

test('takeSlot() takes the lowest free slot once, before the first count', async (t) => {
  const directory = temporaryDirectory(t);
  const apps = [await AppProcess.start(t, directory), await AppProcess.start(t, directory)];
  for (const [slot, app] of apps.entries()) {
    assert.equal(await app.takeSlot(), slot);
    await app.call('plain', 'inc');
    assert.equal(await app.takeSlot(), slot);
  }
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
  assert.equal(sample(await apps[0]!.metrics(), 'plain_total'), 2);
});

test('takeSlot() returns undefined without PROMETHEUS_MULTIPROC_DIR', async (t) => {
  const app = await AppProcess.start(t, undefined);
  assert.equal(await app.takeSlot(), undefined);
});

test('takeSlot() rejects with the reason, and later takes the slot with all counts', async (t) => {
  const { directory, app } = await withoutDirectory(t, { PROMETHEUS_MULTIPROC_REFRESH_MS: '3600000' });
  for (let i = 0; i < 2; i++) {
    await assert.rejects(app.takeSlot(), /cannot share metrics in .*is not a directory/);
    await app.call('plain', 'inc');
  }
  rmSync(directory);
  await assert.rejects(app.metrics(), /cannot share metrics/);
  assert.equal(await app.takeSlot(), 0);
  assert.equal(sample(await app.metrics(), 'plain_total'), 2);
  const [failed, ...later] = await app.changes();
  assert.match(failed!, /cannot share metrics in .*is not a directory/);
  assert.deepEqual(later, ['recovered']);
});

test('a process that could not share at its first write shares all counts as soon as it can', async (t) => {
  const { directory, app } = await withoutDirectory(t, { PROMETHEUS_MULTIPROC_REFRESH_MS: '10' });
  await app.call('requests', 'inc', { route: '/' }, 3);
  await app.call('seconds', 'observe', { route: '/' }, 1);
  await app.call('inFlight', 'set', 4);
  await app.call('sizes', 'observe', { route: '/' }, 5);
  await assert.rejects(app.metrics(), /cannot share metrics/);
  rmSync(directory);
  const text = await served(app);
  assert.equal(sample(text, `requests_total${HOME}`), 3);
  assert.equal(sample(text, `seconds_count${HOME}`), 1);
  assert.equal(sample(text, 'in_flight'), 4);
  assert.equal(sample(text, `sizes_sum${HOME}`), 5);
  await app.callAndKill('requests', 'inc', { route: '/' });
  const witness = await AppProcess.start(t, directory);
  assert.equal(sample(await witness.metrics(), `requests_total${HOME}`), 4, 'counted in shared memory');
});

test('onFailure and onRecovered are called once for each failure, with one warning each', async (t) => {
  const { directory, app } = await withoutDirectory(t, { PROMETHEUS_MULTIPROC_REFRESH_MS: '10' });
  for (let i = 0; i < 3; i++) await app.call('plain', 'inc');
  rmSync(directory);
  await served(app);
  const [failed, ...later] = await app.changes();
  assert.match(failed!, /is not a directory/);
  assert.deepEqual(later, ['recovered']);
  const [unshared, recovered, ...more] = await app.warnings();
  assert.match(unshared!, /cannot share metrics in .*is not a directory/);
  assert.match(recovered!, /shared in .* again, including all counts made meanwhile/);
  assert.deepEqual(more, []);
});
