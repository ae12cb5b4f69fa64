/** The behaviour of a process whose metrics directory is missing or belongs to another user. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppProcess } from '../../test/support/application.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { makeDirectory, whyNotOwn } from './own-directory.ts';

const NOBODY = 65534;
const isRoot = process.getuid!() === 0;
const ORDINARY: Record<string, string> = isRoot ? { RUN_AS: String(NOBODY) } : {};

/** A directory that belongs to root, like a mount point: writable by every user or by root only. */
function mountPoint(t: TestContext, mode: 0o755 | 0o777): string {
  // Only root can create one. Other users use existing ones.
  if (!isRoot) return mode === 0o777 ? '/tmp' : '/usr';
  const parent = temporaryDirectory(t);
  chmodSync(parent, 0o755);
  const path = join(parent, 'volume');
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

test('a missing directory is created with its parents and is not readable by other users', (t) => {
  const directory = join(temporaryDirectory(t), 'my-app', 'metrics');
  for (let i = 0; i < 2; i++) makeDirectory(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o750 & ~process.umask());
});

test('a missing parent directly below / is not created, and the error names it', () => {
  const directory = '/no-such-mount-point/metrics';
  assert.throws(
    () => makeDirectory(directory),
    /^Error: .*metrics does not exist, and neither does \/no-such-mount-point: check the path/,
  );
  assert.ok(!existsSync('/no-such-mount-point'));
});

test('processes that start at the same time create one directory, and each takes its own slot', async (t) => {
  const directory = join(temporaryDirectory(t), 'my-app', 'metrics');
  const apps = await Promise.all(Array.from({ length: 6 }, () => AppProcess.start(t, directory)));
  const slots = await Promise.all(apps.map((app) => app.takeSlot()));
  assert.deepEqual(slots.sort(), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual((await Promise.all(apps.map((app) => app.warnings()))).flat(), []);
});

test('a process that serves metrics before any process has counted shows that there are no slots', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  const primary = await AppProcess.start(t, directory);
  assert.equal(sample(await primary.metrics(), 'prom_multiproc_slots'), 0);
  assert.deepEqual(readdirSync(directory), []);
  const worker = await AppProcess.start(t, directory);
  await worker.call('plain', 'inc');
  assert.equal(sample(await primary.metrics(), 'plain_total'), 1);
});

for (const [what, mode, advice] of [
  [
    'that every user may write to',
    0o777,
    /use a directory below it, such as PROMETHEUS_MULTIPROC_DIR=\S+\/metrics, which this process creates/,
  ],
  [
    'that only root may write to',
    0o755,
    /give it to this user before the start \(`chown \d+ \S+` as root, or a tmpfs mounted with `uid=\d+`, or .*`fsGroup` .*\), or run the process as its owner/,
  ],
] as const) {
  test(`in a mount point of root ${what}, metrics() and takeSlot() of every process reject, and the message says what to do`, async (t) => {
    const directory = mountPoint(t, mode);
    const [primary, worker] = [
      await AppProcess.start(t, directory, ORDINARY),
      await AppProcess.start(t, directory, ORDINARY),
    ];
    const refused = (error: Error) => {
      assert.match(error.message, /belongs to user id 0, but this process runs as user id \d+: /);
      assert.match(error.message, advice);
      return true;
    };
    await assert.rejects(primary.metrics(), refused);
    await assert.rejects(worker.takeSlot(), refused);
    await worker.call('plain', 'inc');
    await assert.rejects(worker.metrics(), refused);
    await assert.rejects(primary.metrics(), refused);
  });
}

test('for a directory in /run the error names the setting of a systemd unit', () => {
  const stats = { ...statSync('/'), uid: 4_000_000 } as Stats;
  assert.match(
    whyNotOwn('/run/my-app', stats)!,
    /^belongs to user id 4000000, .*`RuntimeDirectory=my-app` under systemd/,
  );
});

test('a directory below a mount point that every user may write to is created and shared', async (t) => {
  const directory = join(isRoot ? mountPoint(t, 0o777) : temporaryDirectory(t), 'metrics');
  const [primary, worker] = [
    await AppProcess.start(t, directory, ORDINARY),
    await AppProcess.start(t, directory, ORDINARY),
  ];
  assert.equal(sample(await primary.metrics(), 'plain_total'), 0);
  await worker.call('plain', 'inc');
  assert.equal(sample(await primary.metrics(), 'plain_total'), 1);
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
});

test('if the directory cannot be created below a mount point of root, takeSlot() and metrics() reject, and the message says what to do', async (t) => {
  const directory = join(mountPoint(t, 0o755), 'metrics');
  const app = await AppProcess.start(t, directory, ORDINARY);
  const advice =
    /does not exist and cannot be created in \S+ by user id \d+: create it for this user before the start \(`install -d -o \d+ \S+\/metrics` as root, or [^)]*\)$/;
  await assert.rejects(app.takeSlot(), advice);
  await assert.rejects(app.metrics(), advice);
});

test('a process warns once of files of another client in its directory, and shares', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'gauge_livesum_12.db'), '');
  writeFileSync(join(directory, 'notes.txt'), '');
  const app = await AppProcess.start(t, directory);
  await app.call('plain', 'inc');
  assert.equal(sample(await app.metrics(), 'plain_total'), 1);
  const [warning, ...more] = await app.warnings();
  assert.match(
    warning!,
    /holds "gauge_livesum_12\.db", a file of Python's prometheus_client.*: use a separate directory for each application/,
  );
  assert.deepEqual(more, []);
});

test('if the directory may not be listed, counting continues and metrics() rejects with the reason', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  chmodSync(join(directory, '..'), 0o755);
  mkdirSync(directory);
  if (isRoot) chownSync(directory, NOBODY, NOBODY);
  chmodSync(directory, 0o300);
  const app = await AppProcess.start(t, directory, ORDINARY);
  await app.call('plain', 'inc');
  await assert.rejects(app.metrics(), /cannot share metrics in .*EACCES/);
  chmodSync(directory, 0o700);
  assert.equal(sample(await app.metrics(), 'plain_total'), 1);
});
