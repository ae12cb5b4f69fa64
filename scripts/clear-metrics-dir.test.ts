/** Runs the script. The tests of `clearDirectory` in prom-multiproc cover every reason for a refusal. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'clear-metrics-dir');
const NOBODY = 65534;
const isRoot = process.getuid!() === 0;

interface Run {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Runs without the capabilities that let root ignore file permissions (capabilities(7)). */
  readonly withoutPrivilege?: boolean;
}

const SETPRIV = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];

function clear(args: string[], { env = {}, withoutPrivilege = false, ...rest }: Run = {}) {
  const [command, ...given] = [...(withoutPrivilege ? SETPRIV : []), SCRIPT, ...args];
  const result = spawnSync(command!, given, {
    encoding: 'utf8',
    env: { ...process.env, CLEAR_METRICS_DIR_WAIT_SECONDS: '0', ...env },
    ...rest,
  });
  return { status: result.status, out: result.stdout, error: result.stderr };
}

const temporary = (t: TestContext): string => temporaryDirectory(t, { name: 'clear metrics-' });

function withSlots(t: TestContext): string {
  const directory = join(temporary(t), 'metrics');
  mkdirSync(directory);
  for (const slot of [0, 1]) writeFileSync(join(directory, `slot-${slot}.metrics`), '');
  return directory;
}

const nameOf = (flag: '-un' | '-gn') => execFileSync('id', [flag], { encoding: 'utf8' }).trim();

test('creates the directory with the given owner, group and mode; names and numeric ids work', (t) => {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  for (const [user, group] of [
    [nameOf('-un'), nameOf('-gn')],
    [String(uid), String(gid)],
    ['', ''],
  ] as const) {
    const directory = join(temporary(t), 'made here');
    const { status, out, error } = clear([directory, user, group, '0710']);
    assert.deepEqual({ status, out, error }, { status: 0, out: `${directory}: created\n`, error: '' });
    const stats = statSync(directory);
    assert.deepEqual([stats.uid, stats.gid, stats.mode & 0o7777], [uid, gid, 0o710]);
  }
});

test('root can give the directory to another user; anyone else gets EPERM', (t) => {
  const directory = join(temporary(t), 'metrics');
  const { status, error } = isRoot
    ? clear([directory, 'nobody', String(NOBODY), '750'])
    : clear([directory, 'root']);
  if (isRoot) {
    assert.equal(status, 0, error);
    assert.deepEqual([statSync(directory).uid, statSync(directory).gid], [NOBODY, NOBODY]);
  } else {
    assert.equal(status, 1);
    assert.match(error, /clear-metrics-dir: EPERM.*metrics/);
  }
});

test('removes slot files and reports how many, on each run and from any working directory', (t) => {
  const directory = withSlots(t);
  assert.deepEqual(clear([directory], { cwd: '/' }), {
    status: 0,
    out: `${directory}: 2 slot files removed\n`,
    error: '',
  });
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(clear([directory]).out, `${directory}: 0 slot files removed\n`);
  writeFileSync(join(directory, 'slot-3.metrics'), '');
  assert.equal(clear([directory]).out, `${directory}: 1 slot file removed\n`);
});

test('a refusal exits with 1, names path and reason, and removes nothing', (t) => {
  const directory = withSlots(t);
  for (const name of ['.hidden', 'two words', 'line\nfeed', '-rf', '*', 'slot-01.metrics']) {
    writeFileSync(join(directory, name), '');
    const { status, out, error } = clear([directory]);
    assert.deepEqual([status, out], [1, '']);
    const reason = `it contains ${JSON.stringify(name)}, which is not a slot file; use a separate directory`;
    assert.equal(error, `clear-metrics-dir: refusing to clear ${JSON.stringify(directory)}: ${reason}\n`);
    assert.deepEqual(readdirSync(directory).sort(), [name, 'slot-0.metrics', 'slot-1.metrics'].sort());
    rmSync(join(directory, name));
  }
  for (const path of ['.', 'metrics', '-rf', '--', '/', '/tmp/..', `${directory}/slot-0.metrics`]) {
    const { status, error } = clear([path], { cwd: join(directory, '..') });
    assert.equal(status, 1, path);
    assert.ok(error.startsWith(`clear-metrics-dir: refusing to clear ${JSON.stringify(path)}: `), error);
  }
  assert.equal(readdirSync(directory).length, 2);
});

test('waits for a process that holds a slot, and refuses to clear if it keeps the slot', async (t) => {
  const directory = withSlots(t);
  const path = join(directory, 'slot-1.metrics');
  const program = `
    const { tryHold } = await import(${JSON.stringify(join(import.meta.dirname, '../packages/prom-multiproc/src/slot/slot-lock.ts'))});
    const { loadLibc } = await import(${JSON.stringify(join(import.meta.dirname, '../packages/prom-multiproc/src/os/libc.ts'))});
    if (tryHold(loadLibc(), process.argv[1]) === undefined) throw new Error('not held');
    process.stdout.write('held');
    process.stdin.on('end', () => process.exit()).resume();`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program, path]);
  t.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const { status, error } = clear([directory], { env: { CLEAR_METRICS_DIR_WAIT_SECONDS: '0.1' } });
  assert.equal(status, 1);
  assert.match(
    error,
    /a living process still holds slot-1\.metrics after 0\.1 s: just starting, no pid yet; try again/,
  );
  assert.equal(readdirSync(directory).length, 2);

  const waiting = spawn(SCRIPT, [directory], {
    env: { ...process.env, CLEAR_METRICS_DIR_WAIT_SECONDS: '60' },
  });
  t.after(() => waiting.kill('SIGKILL'));
  holder.stdin.end();
  assert.deepEqual(await once(waiting, 'exit'), [0, null]);
  assert.deepEqual(readdirSync(directory), []);
});

test('a slot file that this user cannot read and write fails at once, without waiting', (t) => {
  const directory = withSlots(t);
  chmodSync(join(directory, 'slot-1.metrics'), 0);
  const { status, error } = clear([directory], {
    env: { CLEAR_METRICS_DIR_WAIT_SECONDS: '3600' },
    withoutPrivilege: isRoot,
  });
  assert.equal(status, 1);
  assert.match(error, /this user cannot read and write slot-1\.metrics; run the command as its owner/);
  assert.equal(readdirSync(directory).length, 2);
});

test('wrong usage exits with 2, prints the error and the usage, and changes nothing', (t) => {
  const directory = withSlots(t);
  const calls: [string[], RegExp, Record<string, string>?][] = [
    [[], /one to four arguments/],
    [[directory, '', '', '', 'more'], /one to four arguments/],
    [[directory, 'no such user'], /unknown user "no such user"/],
    [[directory, '-1'], /unknown user "-1"/],
    [[directory, '', 'no-such-group'], /unknown group "no-such-group"/],
    [[directory, '', '', 'rwx'], /mode "rwx" is not octal/],
    [[directory, '', '', '888'], /mode "888" is not octal/],
    [[directory, '', '', '75'], /mode "75" is not octal/],
    [[directory, '', '', '0x1ff'], /mode "0x1ff" is not octal/],
    [[directory, '', '', '00750'], /mode "00750" is not octal/],
    ...['', ' ', 'soon', '-1', '3601', 'Infinity', 'NaN'].map(
      (seconds): [string[], RegExp, Record<string, string>] => [
        [directory],
        /CLEAR_METRICS_DIR_WAIT_SECONDS must be 0 to 3600 seconds, got ".*"/,
        { CLEAR_METRICS_DIR_WAIT_SECONDS: seconds },
      ],
    ),
  ];
  for (const [args, reason, env] of calls) {
    const { status, out, error } = clear(args, { env: env ?? {} });
    assert.deepEqual([status, out], [2, ''], error);
    assert.match(error, reason);
    assert.match(error, /usage: clear-metrics-dir <path> \[user\] \[group\] \[mode\]/);
  }
  assert.equal(readdirSync(directory).length, 2);
});

test('--help and -h print the usage and exit with 0', () => {
  for (const option of ['--help', '-h']) {
    const { status, out } = clear([option]);
    assert.equal(status, 0, option);
    assert.match(out, /^usage: /);
  }
});

test('a Node older than 24 is rejected by its version, and --help works with it', (t) => {
  const bin = temporary(t);
  const path = `${bin}:${process.env.PATH}`;
  for (const [version, isRejected] of [
    ['v20.19.2', true],
    ['v23.11.0', true],
    ['v8.17.0', true],
    ['v24.0.0', false],
    ['v26.1.0', false],
    ['v30.0.0', false],
    ['v100.0.0', false],
  ] as const) {
    const stub = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\nexec '${process.execPath}' "$@"\n`;
    writeFileSync(join(bin, 'node'), stub, { mode: 0o755 });
    const help = clear(['--help'], { env: { PATH: path } });
    assert.deepEqual([help.status, help.error], [0, ''], version);
    assert.match(help.out, /^usage: /);
    const directory = join(temporary(t), 'metrics');
    const { status, error } = clear([directory], { env: { PATH: path } });
    const message = `clear-metrics-dir: Node 24 or later is required, found ${version}; put a newer one first in PATH\n`;
    assert.deepEqual([status, error], isRejected ? [1, message] : [0, ''], version);
  }
});
