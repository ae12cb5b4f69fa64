import { total } from '../../kit/test-kit/exposition.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, sharing, test } from '../support/compose-fixtures.ts';
import { ComposeStack } from '../support/compose-stack.ts';
import { withStack } from '../support/fixtures.ts';
import { counted, metricsOf, ping, REQUESTS } from '../support/pings.ts';
import { WORKERS } from '../support/stack.ts';

const DEADLINE = { deadlineMs: 60_000 };
const START_TIMEOUT_MS = 15 * 60_000;

test.skip(!sharing, 'two containers share nothing without sharing');

const FETCH = (path: string) =>
  `fetch('http://127.0.0.1:${path}').then((r) => r.text()).then((text) => process.stdout.write(text))`;

test('two containers with one directory have one total and their own slots, and no count is lost when a worker or a whole container is killed', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const overrides = ['e2e/fixtures/two-containers.compose.yml'];
  await withStack(ComposeStack.start({ sharing: true, overrides }), async (stack) => {
    const inSecond = (...command: string[]) => stack.compose('exec', '--no-TTY', 'app2', ...command);
    const pingSecond = (times: number) =>
      inSecond(
        'node',
        '--eval',
        `(async () => { for (let i = 0; i < ${times}; i++) await (await fetch('http://127.0.0.1:8041/ping')).text(); })()`,
      );
    const seenBySecond = async () => {
      const text = await inSecond('node', '--eval', FETCH('9041/metrics'));
      return [...text.matchAll(/^http_requests_total\{.*route="\/ping".*\} (\d+)$/gm)].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
    };
    const workers = async () => total(await metricsOf(stack), 'prom_multiproc_workers');
    /** Waits until all workers of the second container serve, which is later than healthy. */
    const secondServes = (but: readonly number[] = []) =>
      poll(
        'the workers of the second container',
        async () => {
          const status = JSON.parse(await inSecond('node', '--eval', FETCH('9041/status'))) as Status;
          const serving = status.workers.filter(({ pid, state }) => state === 'ready' && !but.includes(pid));
          if (serving.length !== WORKERS) throw new Error(JSON.stringify(status));
          expect(await workers()).toBe(2 * WORKERS);
          return serving.map(({ pid }) => pid);
        },
        DEADLINE,
      );
    const pids = await secondServes();
    await ping(stack);
    await pingSecond(100);
    expect(await counted(stack)).toBe(REQUESTS + 100);
    expect(await seenBySecond()).toBe(REQUESTS + 100);
    expect((await stack.slotFiles()).length).toBe(2 * WORKERS);

    await inSecond('sh', '-c', `kill -s KILL ${pids.join(' ')}`);
    expect(await counted(stack)).toBe(REQUESTS + 100);
    await secondServes(pids);
    await pingSecond(50);
    await ping(stack, 50);
    expect(await counted(stack)).toBe(REQUESTS + 200);
    expect(await seenBySecond()).toBe(REQUESTS + 200);
    expect((await stack.slotFiles()).length).toBe(2 * WORKERS);

    await stack.compose('kill', 'app2');
    await poll('its exit', async () => ((await workers()) === WORKERS ? true : undefined), DEADLINE);
    await ping(stack, 50);
    expect(await counted(stack)).toBe(REQUESTS + 250);
    await stack.compose('start', 'app2');
    await secondServes();
    expect(await seenBySecond()).toBe(REQUESTS + 250);
    expect((await stack.slotFiles()).length).toBe(2 * WORKERS);
    console.log(`two containers: ${REQUESTS + 250} answered and counted, ${2 * WORKERS} slots`);
  });
});
