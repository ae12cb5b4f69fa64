/** Both back ends pass the same tests. */
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { koffiCalls } from './koffi-calls.ts';
import { LibcError, libcOf } from './libc.ts';
import { nodeFfiCalls } from './node-ffi-calls.ts';

// From <sys/mman.h> and <fcntl.h> of 64-bit Linux.
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const STRUCT_FLOCK_BYTES = 32;
const PAGE = 4096;

const COLLECTIONS = 20;

const { EAGAIN, EBADF, EINVAL } = constants.errno;

const BACK_ENDS = process.getBuiltinModule('node:ffi')
  ? ([
      ['koffi', koffiCalls],
      ['node:ffi', nodeFfiCalls],
    ] as const)
  : ([['koffi', koffiCalls]] as const);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function opened(t: TestContext, path = join(temporaryDirectory(t), 'file')): { fd: number; path: string } {
  const fd = openSync(path, 'a+');
  t.after(() => closeSync(fd));
  return { fd, path };
}

function writeLock(): Buffer {
  const lock = Buffer.alloc(STRUCT_FLOCK_BYTES);
  lock.writeInt16LE(F_WRLCK, 0);
  return lock;
}

for (const [name, load] of BACK_ENDS) {
  test(`through ${name} two mappings of a file are one memory, also after garbage collections`, (t) => {
    const calls = load();
    const { fd } = opened(t);
    assert.equal(calls.posixFallocate(fd, 0, 2 * PAGE), 0);
    const addresses = [0, 1].map(() => calls.mmap(PAGE, PROT_READ_WRITE, MAP_SHARED, fd, PAGE));
    const [one, other] = addresses.map((address) => new Float64Array(calls.view(address, PAGE)));
    assert.equal(one!.length, PAGE / Float64Array.BYTES_PER_ELEMENT);
    for (let i = 1; i <= 100; i++) {
      one![7] = i;
      if (i % 25 === 0) collectGarbage();
      assert.equal(other![7], i);
    }
    for (const address of addresses) assert.equal(calls.munmap(address, PAGE), 0);
  });

  test(`through ${name} each failed call leaves its own errno`, (t) => {
    const calls = load();
    const [holder, { fd }] = [opened(t), opened(t)];
    assert.equal(calls.mmap(PAGE, PROT_READ_WRITE, MAP_SHARED, -1, 0), MAP_FAILED);
    assert.equal(calls.errno(), EBADF);
    assert.equal(calls.munmap(1n, PAGE), -1);
    assert.equal(calls.errno(), EINVAL);
    assert.equal(calls.posixFallocate(-1, 0, PAGE), EBADF);
    assert.equal(calls.prctl(-1, 0), -1);
    assert.equal(calls.errno(), EINVAL);
    assert.equal(calls.fcntl(-1, F_OFD_SETLK, writeLock()), -1);
    assert.equal(calls.errno(), EBADF);
    assert.equal(calls.fcntl(holder.fd, F_OFD_SETLK, writeLock()), 0);
    assert.equal(calls.fcntl(opened(t, holder.path).fd, F_OFD_SETLK, writeLock()), -1);
    assert.equal(calls.errno(), EAGAIN);
    assert.equal(calls.fcntl(fd, F_OFD_SETLK, writeLock()), 0);
  });

  test(`through ${name} the functions stay bound after garbage collections`, (t) => {
    const calls = load();
    let lost = 0;
    for (let i = 0; i < COLLECTIONS; i++) {
      assert.equal(calls.munmap(1n, PAGE), -1);
      collectGarbage();
      if (calls.errno() !== EINVAL) lost += 1;
    }
    t.diagnostic(`errno lost ${lost} times in ${COLLECTIONS} collections`);
  });

  test(`through ${name} a lock is taken or held whatever errno says: a garbage collection may change it`, (t) => {
    const { path } = opened(t);
    const [holder, other] = [opened(t, path), opened(t, path)];
    for (const errno of [0, EAGAIN, EBADF, EINVAL]) {
      const libc = libcOf({ ...load(), errno: () => errno });
      assert.equal(libc.tryLock(holder.fd), true);
      assert.equal(libc.tryLock(other.fd), false);
      libc.shareLock(holder.fd);
      assert.equal(libc.tryLock(other.fd), false);
      assert.throws(() => libc.tryLock(-1), LibcError);
    }
  });

  test(`through ${name} a thread has its own errno`, async () => {
    const calls = load();
    const from = (file: string) => JSON.stringify(join(import.meta.dirname, file));
    const code = `Promise.all([import(${from('koffi-calls.ts')}), import(${from('node-ffi-calls.ts')})]).then(([a, b]) => {
      const calls = ${load === koffiCalls ? 'a.koffiCalls' : 'b.nodeFfiCalls'}();
      const result = calls.munmap(1n, ${PAGE});
      require('node:worker_threads').parentPort.postMessage([result, calls.errno()]);
    })`;
    assert.equal(calls.prctl(-1, 0), -1);
    const worker = new Worker(code, { eval: true });
    const answer = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    calls.mmap(PAGE, PROT_READ_WRITE, MAP_SHARED, -1, 0);
    assert.deepEqual(await answer, [-1, EINVAL]);
    calls.mmap(PAGE, PROT_READ_WRITE, MAP_SHARED, -1, 0);
    assert.equal(calls.errno(), EBADF);
    await new Promise((resolve) => worker.once('exit', resolve));
    calls.munmap(1n, PAGE);
    assert.equal(calls.errno(), EINVAL);
  });
}
