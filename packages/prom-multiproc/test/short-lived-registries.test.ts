/** Registries that an application creates for a short time, such as for each job or probe. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import client from 'prom-client';
import { until } from './support/poll.ts';
import { type Cleanup, temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function makeJobs(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const job = async () => {
    const register = new client.Registry();
    shareIn(directory, register);
    const registers = [register];
    new client.Counter({ name: 'jobs_total', help: 'x', labelNames: ['kind'], registers }).inc({ kind: 'a' });
    new client.Gauge({ name: 'job_seconds', help: 'x', registers }).set(2);
    return { register, text: await register.metrics() };
  };
  return { directory, job };
}

function openFiles(directory: string): string[] {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // The descriptor of the listing itself.
    }
  });
  return open.filter((path) => path.startsWith(directory)).sort();
}

test('additional registries keep no additional files open', async (t) => {
  const { directory, job } = makeJobs(t);
  await job();
  const before = openFiles(directory);
  assert.ok(before.length > 0);
  for (let i = 0; i < 20; i++) await job();
  assert.deepEqual(openFiles(directory), before);
});

test('after clear(), a registry takes no space in the slot and is garbage-collected', async (t) => {
  const { directory, job } = makeJobs(t);
  const size = () => statSync(join(directory, 'slot-0.metrics')).size;
  const refs: WeakRef<client.Registry>[] = [];
  let first: number | undefined;
  for (let i = 0; i < 300; i++) {
    const { register, text } = await job();
    assert.match(text, /^jobs_total\{kind="a"\} 1$/m);
    assert.match(text, /^job_seconds 2$/m);
    register.clear();
    refs.push(new WeakRef(register));
    first ??= size();
  }
  assert.equal(size(), first);
  await until('the registries to be collected', () => {
    collectGarbage();
    return refs.filter((ref) => ref.deref() !== undefined).length <= 2;
  });
});
