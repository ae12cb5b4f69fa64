/** As root, `clearDirectory()` refuses directories that another user could replace meanwhile. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppProcess } from '../test/support/application.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { clearDirectory } from './clear-directory.ts';
import { whyNotTrusted } from './os/directory-trust.ts';

const APP = 65_534;
const STRANGER = 65_533;
const isRoot = process.getuid!() === 0;

function found(uid: number, mode: number, gid = 0, nlink = 1): Stats {
  return { uid, gid, mode, nlink, isSymbolicLink: () => (mode & 0o170000) === 0o120000 } as Stats;
}

test("a parent directory is trusted if only root and the application's user can change it", () => {
  const rootsOwn = found(0, 0o40755);
  const link = found(0, 0o120777);
  const rows: [Stats, RegExp | undefined, Stats?][] = [
    [found(0, 0o40755), undefined],
    [found(0, 0o40775), undefined],
    [found(APP, 0o40755), undefined],
    [found(APP, 0o40775, APP), undefined],
    [found(0, 0o41777), undefined],
    [found(STRANGER, 0o40755), /^belongs to user id 65533$/],
    [found(STRANGER, 0o41777), /^belongs to user id 65533$/],
    [found(0, 0o40777), /^is writable by every user$/],
    [found(0, 0o40775, STRANGER), /^is writable by group id 65533$/],
    [link, undefined, rootsOwn],
    [link, undefined, found(0, 0o41777)],
    [link, /^is a symlink in a directory that belongs to user id 65534$/, found(APP, 0o40755)],
    [link, /^is a symlink in a directory that belongs to user id 65534$/, found(APP, 0o41777)],
    [link, /^is a symlink in a directory that is writable by group id 65534$/, found(0, 0o40775, APP)],
    [link, /^is a symlink in a directory that is writable by every user$/, found(0, 0o40777)],
    [found(0, 0o120777, 0, 2), /^is a symlink with 2 hard links, which another user may have made/, rootsOwn],
    [found(APP, 0o120777), /^is a symlink of user id 65534$/, rootsOwn],
    [found(STRANGER, 0o120777), /^is a symlink of user id 65533$/, rootsOwn],
  ];
  for (const [stats, reason, holder] of rows) {
    const why = whyNotTrusted(stats, APP, APP, holder);
    if (reason === undefined) assert.equal(why, undefined);
    else assert.match(why!, reason);
  }
});

/** Creates a directory; root gives it to `uid`, another user keeps it. */
function owned(path: string, uid: number, mode: number): string {
  mkdirSync(path);
  if (isRoot) chownSync(path, uid, uid);
  chmodSync(path, mode);
  return path;
}

function base(t: TestContext): string {
  const path = temporaryDirectory(t);
  chmodSync(path, 0o755);
  return path;
}

const FOR_APP = { ...(isRoot ? { uid: APP, gid: APP } : {}), waitMs: 0 };

/** Expects a refusal as root and success as another user. */
async function assertRefusedToRoot(path: string, reason: RegExp, options = FOR_APP): Promise<void> {
  if (isRoot) await assert.rejects(clearDirectory(path, options), reason);
  else await clearDirectory(path, options);
}

test('root creates nothing below a directory that another user can change', async (t) => {
  const parents = {
    stranger: [
      STRANGER,
      0o755,
      /stranger belongs to user id 65533, so another user could replace the directory/,
    ],
    everybody: [0, 0o777, /everybody is writable by every user/],
  } as const;
  for (const [name, [uid, mode, reason]] of Object.entries(parents)) {
    const parent = owned(join(base(t), name), uid, mode);
    await assertRefusedToRoot(join(parent, 'a', 'metrics'), reason);
    assert.deepEqual(readdirSync(parent), isRoot ? [] : ['a']);
  }
});

test("root refuses another user's directory in a sticky directory such as /tmp", async (t) => {
  const shared = owned(join(base(t), 'tmp'), 0, 0o1777);
  const directory = owned(join(shared, 'my-app'), STRANGER, 0o755);
  const reason =
    /it belongs to user id 65533: run the command as that user, or call clearDirectory\(\) with `uid: 65533`$/;
  for (const options of [FOR_APP, { waitMs: 0 }]) {
    await assertRefusedToRoot(directory, reason, options);
    if (isRoot) assert.equal(statSync(directory).uid, STRANGER);
  }
});

test('a symlink in the path is followed only if root created it where only root can write', async (t) => {
  const top = base(t);
  const home = owned(join(top, 'home'), APP, 0o755);
  const elsewhere = owned(join(top, 'elsewhere'), 0, 0o755);
  const [ofRoot, ofApp, inHome] = [join(top, 'link'), join(top, 'link-of-app'), join(home, 'link')];
  for (const link of [ofRoot, ofApp, inHome]) symlinkSync(elsewhere, link);
  if (isRoot) lchownSync(ofApp, APP, APP);
  await assertRefusedToRoot(
    join(ofApp, 'metrics'),
    /link-of-app is a symlink of user id 65534, so another user could/,
  );
  await assertRefusedToRoot(
    join(inHome, 'metrics'),
    /home\/link is a symlink in a directory that belongs to user id 65534, so another user could/,
  );
  if (isRoot) assert.deepEqual(readdirSync(elsewhere), []);
  assert.equal((await clearDirectory(join(ofRoot, 'metrics'), FOR_APP)).created, isRoot);
  assert.deepEqual(readdirSync(elsewhere), ['metrics']);
});

test('relative symlinks in the path are followed, and a loop of symlinks is an error', async (t) => {
  const directory = base(t);
  mkdirSync(join(directory, 'a', 'b'), { recursive: true });
  symlinkSync('../a/./b', join(directory, 'a', 'link'));
  await clearDirectory(join(directory, 'a', 'link', 'metrics'), { waitMs: 0 });
  assert.deepEqual(readdirSync(join(directory, 'a', 'b')), ['metrics']);
  symlinkSync('circle', join(directory, 'circle'));
  await assert.rejects(
    clearDirectory(join(directory, 'circle', 'metrics'), { waitMs: 0 }),
    /too many symlinks/,
  );
});

test('the application can use a directory that root created with its parents', async (t) => {
  const directory = join(base(t), 'a', 'b', 'metrics');
  await clearDirectory(directory, FOR_APP);
  const app = await AppProcess.start(t, directory, isRoot ? { RUN_AS: String(APP) } : {});
  assert.equal(await app.takeSlot(), 0);
});
