import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { type Load, startLoad } from '../test-kit/load.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const TEST_TIMEOUT_MS = 5 * 60_000;
const DEADLINE = { deadlineMs: 90_000 };
const LOAD = {
  connections: 2,
  pauseMs: 40,
  maxRequests: 100_000,
  durationMs: TEST_TIMEOUT_MS,
  requestTimeoutMs: 30_000,
};
/** nginx' error of a connection to the app's port, not to the metrics port, which the primary opens. */
const REFUSED = /connect\(\) failed \(111: Connection refused\).*:8041\//g;
/** Answers of each load after a fault. */
const FURTHER = 20;

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['kit/specs/fixtures/wait-for-worker.compose.yml'],
    environment: { FINAL_SCRAPE: '1' },
  });
});

test.afterAll(() => stack?.down());

const kill = (pids: readonly number[]) => stack.shell(`kill -s KILL ${pids.join(' ')}`);

const restarted = (oldPrimary: number) =>
  poll(
    'a new primary',
    async () => ((await stack.status()).primary.pid === oldPrimary ? undefined : true),
    DEADLINE,
  );

/** What ends all workers; each leaves supervisord running. */
const FAULTS: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'all workers are killed'() {
    await kill((await stack.status()).workers.map(({ pid }) => pid));
  },
  async 'one worker is stopped, the others are killed'() {
    const [stopped, ...others] = (await stack.status()).workers.map(({ pid }) => pid);
    await stack.signal('STOP', stopped!);
    await kill(others);
  },
  async 'the primary is killed'() {
    const { primary } = await stack.status();
    await kill([primary.pid]);
    await restarted(primary.pid);
  },
  async 'the primary and all workers are killed'() {
    const { primary, workers } = await stack.status();
    await kill([primary.pid, ...workers.map(({ pid }) => pid)]);
    await restarted(primary.pid);
  },
  async 'supervisorctl restart'() {
    await stack.restartApp();
  },
};

const refused = async () => ((await stack.log('nginx')).match(REFUSED) ?? []).length;

async function further(loads: readonly Load[]): Promise<void> {
  const wanted = loads.map(({ report }) => report.answered + FURTHER);
  await poll(
    'further answers',
    () => loads.every(({ report }, i) => report.answered >= wanted[i]!) || undefined,
    DEADLINE,
  );
}

test('no connection is refused while all workers, the primary or both are dead, or the app restarts', async () => {
  test.setTimeout(TEST_TIMEOUT_MS);
  const supervisord = await stack.supervisordRun();
  const loads = [
    startLoad({ ...LOAD, url: `${stack.publicUrl}/ping` }),
    startLoad({ ...LOAD, url: `${stack.publicUrl}/no-such-page`, body: 'x'.repeat(200) }),
  ];
  try {
    for (const [what, act] of Object.entries(FAULTS)) {
      await further(loads);
      await act();
      await stack.settle();
      await further(loads);
      const [get, post] = loads.map(({ report: { byStatus, byCause } }) =>
        JSON.stringify({ ...byStatus, ...byCause }),
      );
      console.log(`port: ${what}: GET ${get}, POST ${post}, ${await refused()} connections refused so far`);
    }
  } finally {
    for (const load of loads) await load.stop();
  }
  expect(await refused(), 'refused connections').toBe(0);
  expect(loads.map(({ report }) => report.byStatus[503] ?? 0)).toEqual([0, 0]);
  expect(await stack.supervisordRun()).toBe(supervisord);
});

test('at a planned end connections are refused once the workers have stopped listening, while the primary lives', async () => {
  test.setTimeout(TEST_TIMEOUT_MS);
  // A scrape of Prometheus that is not repeated: the primary then waits 15 s for the next one.
  const scraped = await fetch(`${stack.metricsUrl}/metrics`, {
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '5', 'User-Agent': 'once' },
  });
  expect(scraped.status).toBe(200);
  const lines: string[] = [];
  const following = await stack.followLog('app', (line) => lines.push(line));
  const logged = (text: string) => lines.some((line) => line.includes(text));
  try {
    const stopped = stack.compose('stop', 'app');
    await poll('the final scrape', () => logged('waiting for the final scrape') || undefined, DEADLINE);
    const before = await refused();
    const answer = await fetch(`${stack.publicUrl}/ping`);
    expect([answer.status, logged('drained; exiting')]).toEqual([503, false]);
    await poll('a refused connection', async () => (await refused()) > before || undefined, DEADLINE);
    await stopped;
  } finally {
    following.close();
  }
});
