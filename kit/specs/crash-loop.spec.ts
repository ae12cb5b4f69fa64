import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';

const TEST_TIMEOUT_MS = 3 * 60_000;
const DEADLINE = { deadlineMs: 90_000 };
/** Longer than WAIT_FOR_WORKER_MS, shorter than GIVE_UP_MS. */
const CRASH_LOOP_SECONDS = 18;
/** The loop ends when this file is removed. */
const LOOPING = '/run/app/looping';
/** nginx' error of a connection to the app's port. */
const REFUSED = /connect\(\) failed \(111: Connection refused\).*:8041\//g;

const refused = async (stack: ComposeStack) => ((await stack.log('nginx')).match(REFUSED) ?? []).length;

test('while no worker gets as far as listening, requests are answered with 503 at once, until one does', async ({
  stack,
}) => {
  test.setTimeout(TEST_TIMEOUT_MS);
  const { primary } = await stack.status();
  const before = await refused(stack);
  const lines: string[] = [];
  const following = await stack.followLog('app', (line) => lines.push(line));
  // Kills each worker as soon as it exists.
  const children = `/proc/${primary.pid}/task/${primary.pid}/children`;
  const killing = stack.shell(
    `: >${LOOPING}; end=$(($(date +%s) + ${CRASH_LOOP_SECONDS})); while [ -e ${LOOPING} ] && [ $(date +%s) -lt $end ]; do kill -s KILL $(cat ${children}) 2>/dev/null; sleep 0.05; done; true`,
  );
  try {
    await poll(
      'the closed port',
      () => lines.some((line) => line.includes('no worker listens; closing the port')) || undefined,
      DEADLINE,
    );
    const answer = await fetch(`${stack.publicUrl}/ping`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    await poll('a refused connection', async () => (await refused(stack)) > before || undefined, DEADLINE);
    await stack.shell(`rm ${LOOPING}`);
    await killing;
    await stack.settle();
    expect((await fetch(`${stack.publicUrl}/ping`)).status).toBe(200);
    expect((await stack.status()).primary.pid).toBe(primary.pid);
  } finally {
    following.close();
    await killing;
  }
});
