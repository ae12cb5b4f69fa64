import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'testing/one-client-nft.ts');
/** A network of its own needs root: of the machine, or of a user namespace. */
const AS_ROOT = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

test('on the host one address has 4,096 connections and another one all of its own, whoever answers them', async () => {
  // Where nft and ip are; not on the PATH of every user.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout } = await run('unshare', [...AS_ROOT, '--net', process.execPath, PROGRAM], { env });
  assert.equal(stdout.trim().split('\n').length, 3, stdout);
});
