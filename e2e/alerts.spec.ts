import { test } from '@playwright/test';
import { poll } from '../scripts/measure/poll.ts';
import { alerts, targets } from '../scripts/measure/prometheus.ts';
import { Stack } from './stack.ts';

const START_TIMEOUT_MS = 15 * 60_000;
/** The longest `for` of those below is a minute. */
const DEADLINE = { deadlineMs: 150_000, everyMs: 1_000 };

/** A stopped worker is otherwise killed and replaced before anybody could be told. */
let stack: Stack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await Stack.start({ sharing: true, environment: { WORKER_TIMEOUT_MS: '0' } });
});

test.afterAll(() => stack?.down());

async function firing(): Promise<string[]> {
  const all = await alerts(stack.prometheusUrl);
  return [...new Set(all.filter(({ state }) => state === 'firing').map(({ name }) => name))].sort();
}

async function firingBecomes(...wanted: string[]): Promise<void> {
  const began = Date.now();
  await poll(
    `firing: ${wanted.join(', ') || 'none'}`,
    async () => {
      const now = await firing();
      if (now.join() !== wanted.join()) throw new Error(`firing: ${now.join(', ') || 'none'}`);
      return true;
    },
    DEADLINE,
  );
  console.log(
    `alerts: firing ${wanted.join(', ') || 'none'} after ${Math.round((Date.now() - began) / 1000)} s`,
  );
}

const workerPids = async () => (await stack.status()).workers.map(({ pid }) => pid);

async function killOne(): Promise<void> {
  const [pid] = await workerPids();
  await stack.signal('KILL', pid!);
  await poll('its end', async () => ((await workerPids()).includes(pid!) ? undefined : true), DEADLINE);
  await stack.settle();
}

test('no alert fires on a stack in order, and each fires for its real cause, alone, until that is gone', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await poll(
    'scrapes of the app',
    async () => {
      const app = (await targets(stack.prometheusUrl)).filter(({ job }) => job === 'app');
      return app.length === 1 && app[0]!.health === 'up' ? true : undefined;
    },
    DEADLINE,
  );
  await firingBecomes();

  const { primary, workers } = await stack.status();
  await stack.signal('STOP', primary.pid);
  await firingBecomes('TargetDown');
  await stack.signal('CONT', primary.pid);
  await firingBecomes();

  const stopped = workers[0]!.pid;
  await stack.signal('STOP', stopped);
  await firingBecomes('StaleWorker');
  await stack.signal('CONT', stopped);
  await firingBecomes();

  const slot = `"$PROMETHEUS_MULTIPROC_DIR"/slot-0.metrics`;
  const overwrite = `printf 'GARBAGE!' | dd of=${slot} bs=8 conv=notrunc status=none`;
  await stack.exec('app', 'sh', '-c', overwrite);
  await firingBecomes('UnreadableSlot');

  for (let i = 0; i < 3; i++) await killOne();
  await firingBecomes('UnreadableSlot', 'WorkersRestarting');
});
