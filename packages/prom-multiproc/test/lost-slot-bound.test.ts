/** A process whose slot file is lost repeatedly uses bounded memory. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import client from 'prom-client';
import { processSlot } from '../src/process/process-slot.ts';
import { MAX_LOST } from '../src/process/slot-holder.ts';
import { until } from './support/poll.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const mapped = (directory: string) =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory)).length;

const open = (directory: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes(directory);
    } catch {
      return false;
    }
  }).length;

test('the mappings of lost files are released, and at most MAX_LOST of their descriptors are kept', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const counter = new client.Counter({
    name: 'a_total',
    help: 'A',
    labelNames: ['x'],
    registers: [register],
  });
  const child = counter.labels('1');
  const slot = processSlot(directory);
  const lose = async () => {
    child.inc();
    counter.inc({ x: '2' });
    unlinkSync(join(directory, 'slot-0.metrics'));
    await slot.refresh();
  };
  child.inc();
  const once = mapped(directory);
  for (let i = 0; i < 3 * MAX_LOST; i++) await lose();
  t.diagnostic(`${mapped(directory)} mappings, ${open(directory)} descriptors`);
  assert.ok(open(directory) <= MAX_LOST + 1);
  await until('the mappings to be released', () => {
    collectGarbage();
    return mapped(directory) <= once;
  });
  child.inc();
  counter.inc({ x: '2' });
  assert.match(await register.metrics(), /^a_total\{x="1"\} \d+$/m);
});
