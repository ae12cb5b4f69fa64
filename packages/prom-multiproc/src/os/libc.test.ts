import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { LibcError } from './libc.ts';

test('the error of a file system without shared memory or locks says to use a tmpfs', () => {
  const { EOPNOTSUPP, ENODEV, ENOLCK, ENOSPC } = constants.errno;
  for (const [call, errno] of [
    ['posix_fallocate', EOPNOTSUPP],
    ['mmap', ENODEV],
    ['fcntl(F_OFD_SETLK)', ENOLCK],
  ] as const) {
    const { message } = new LibcError(call, errno);
    assert.match(message, /failed: E\w+; the file system does not support .*: use a directory on a tmpfs$/);
  }
  assert.equal(new LibcError('posix_fallocate', ENOSPC).message, 'posix_fallocate failed: ENOSPC');
});
