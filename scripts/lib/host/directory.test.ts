import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const SCRIPTS = resolve(import.meta.dirname, '../..');

/** Runs shell code for the checkout `root`, with what directory.sh defines, as a user with this id. */
function sh(root: string, code: string, { uid = 1000, directory = '' } = {}) {
  const id = `id() { echo ${uid}; }`;
  const sources = `. "${SCRIPTS}/lib/say.sh"; . "${SCRIPTS}/lib/host/directory.sh"`;
  const env = { PATH: process.env.PATH, HOST_DIRECTORY: directory };
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', `root=$0; ${id}; ${sources}; ${code}`, root], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim(), stderr };
}

const FIND = 'find_host; echo "$host"';

function checkout(t: TestContext): string {
  return realpathSync(temporaryDirectory(t));
}

test('the directory is .host in the checkout, for root one below /var/lib, or the one that was set', (t) => {
  const root = checkout(t);
  assert.equal(sh(root, FIND).stdout, join(root, '.host'));
  assert.equal(
    sh(root, FIND, { uid: 0 }).stdout,
    `/var/lib/pandoras-express/${root.slice(1).replaceAll('/', '-')}`,
  );
  assert.equal(sh(root, FIND, { uid: 0, directory: '/srv/x' }).stdout, '/srv/x');
});

test('a link .host in the checkout leads to the directory', (t) => {
  const [root, installed] = [checkout(t), checkout(t)];
  symlinkSync(installed, join(root, '.host'));
  assert.equal(sh(root, FIND, { uid: 0 }).stdout, installed);
});

for (const [directory, problem] of [
  ['/srv/with space', 'contains a character other than'],
  ['relative', 'is not an absolute path'],
  [`/${'x'.repeat(70)}`, 'is longer than 70 characters'],
] as const) {
  test(`the directory ${JSON.stringify(directory.slice(0, 20))} is refused, because it ${problem}`, (t) => {
    const { status, stderr } = sh(checkout(t), FIND, { directory });
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(`error: the directory of the stack, ${directory}, ${problem}`), stderr);
    assert.match(stderr, /\n {2}Set another one: HOST_DIRECTORY=\/path \.\/scripts\/up --host\n$/);
  });
}

test('a directory of another checkout is refused while that exists', (t) => {
  const [one, other, directory] = [checkout(t), checkout(t), checkout(t)];
  const claim = (root: string) => sh(root, 'find_host; claim_host', { directory });
  assert.equal(claim(one).status, 0);
  assert.equal(claim(one).status, 0);
  const { status, stderr } = claim(other);
  assert.equal(status, 1);
  assert.ok(stderr.startsWith(`error: ${directory} belongs to another checkout, ${one}\n`), stderr);
  writeFileSync(join(directory, 'checkout'), '/no/such/checkout\n');
  assert.equal(claim(other).status, 0);
});

test('processes of the stack are those of its session that run in its directory', async (t) => {
  const directory = checkout(t);
  mkdirSync(join(directory, 'run'));
  writeFileSync(join(directory, 'stack.env'), `RUN_DIRECTORY="${directory}/run"\n`);
  const start = async (cwd: string) => {
    const child = spawn('sh', ['-c', 'sleep 60 & echo; wait'], { cwd, detached: true });
    t.after(() => process.kill(-child.pid!, 'SIGKILL'));
    await once(child.stdout, 'data');
    return child.pid!;
  };
  const [inside, outside] = [await start(directory), await start('/')];
  const running = (pid: number) => {
    writeFileSync(join(directory, 'run/main.pid'), `${pid}\n`);
    return sh('/', 'find_host; host_main >/dev/null; host_main_pid=$(host_main); host_processes | wc -l', {
      directory,
    });
  };
  assert.equal(running(inside).stdout, '2');
  assert.equal(running(outside).status, 1, 'a session that got the id later');
});
