import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const SUPPORT = join(import.meta.dirname, '../../test/support');
const PERMISSIONS = ['--permission', '--allow-fs-read=*'];

/** Loads the calls in a new process; returns the time since boot, or the message of the error. */
function load(ffi: string, ...flags: string[]): { stdout: string; stderr: string } {
  const code = `import(${JSON.stringify(join(import.meta.dirname, 'boot-clock.ts'))})
    .then(({ bootTime }) => console.log(bootTime() > 0)).catch(({ message }) => console.log(message))`;
  const env = { ...process.env, PROM_MULTIPROC_FFI: ffi, NODE_OPTIONS: '' };
  return spawnSync(process.execPath, [...flags, '-e', code], { encoding: 'utf8', env });
}

test('PROM_MULTIPROC_FFI=node calls the C library without koffi or another add-on, and Node warns that it is experimental', () => {
  const without = ['--no-addons', '--import', join(SUPPORT, 'without-koffi.ts')];
  const { stdout, stderr } = load('node', ...without);
  assert.equal(stdout, 'true\n');
  assert.match(stderr, /ExperimentalWarning: FFI/);
  assert.equal(load('node', ...PERMISSIONS, '--allow-ffi').stdout, 'true\n');
  assert.match(load('', ...without).stdout, /^koffi (cannot be loaded|is not allowed to load) \(/);
});

test('the error of PROM_MULTIPROC_FFI says what to do: no node:ffi, not allowed, another value', () => {
  assert.match(
    load('node', '--no-experimental-ffi').stdout,
    /^PROM_MULTIPROC_FFI=node needs node:ffi, which Node v\S+ does not offer here: use Node 26\.9 or later/,
  );
  assert.match(
    load('node', ...PERMISSIONS).stdout,
    /^node:ffi is not allowed \(Access .*\): Node runs with --permission but without --allow-ffi\. Allow it/,
  );
  assert.equal(
    load('koffee').stdout,
    'PROM_MULTIPROC_FFI="koffee": set koffi or node, or unset it for koffi\n',
  );
});
