import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'testing/client-connections-nft.ts');
/** A new network namespace needs root, of the machine or of a user namespace: unshare(1). */
const AS_ROOT = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

test('the firewall rule limits one address to 4,096 connections and does not affect another, for the host and for a container', async () => {
  // nft and ip are in sbin, which is not on the PATH of every user.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout } = await run('unshare', [...AS_ROOT, '--net', process.execPath, PROGRAM], { env });
  assert.equal(stdout.trim().split('\n').length, 3, stdout);
});
