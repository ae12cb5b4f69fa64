import { type Counted, countedOf } from '../../kit/test-kit/counted.ts';
import { total } from '../../kit/test-kit/exposition.ts';
import { type LoadReport, startLoad } from '../../kit/test-kit/load.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/fixtures.ts';
import { type Stack, WORKERS } from '../support/stack.ts';

const SCRAPE_TIMEOUT_MS = 20_000;
const LOAD = {
  connections: 8,
  maxRequests: 100_000,
  durationMs: 60_000,
  requestTimeoutMs: 15_000,
  pauseMs: 5,
};
const IN_A_ROW = 200;
const DEADLINE_MS = 60_000;
/** If every client waited for the stopped worker, about 30 requests would be answered before. */
const ANSWERED_MEANWHILE = 150;

const counted = async (stack: Stack): Promise<Counted> =>
  countedOf(await scrape(`${stack.metricsUrl}/metrics`, SCRAPE_TIMEOUT_MS), '/ping');

async function answeredInARow(stack: Stack): Promise<LoadReport> {
  return poll(
    `${IN_A_ROW} requests in a row answered`,
    async () => {
      const url = `${stack.publicUrl}/ping`;
      const { report, done } = startLoad({
        ...LOAD,
        url,
        connections: 1,
        maxRequests: IN_A_ROW,
        durationMs: DEADLINE_MS,
      });
      await done;
      if (report.byStatus[200] !== IN_A_ROW) throw new Error(JSON.stringify(report));
      return report;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

test('a stopped worker does not delay or empty a scrape, is replaced, and its pending requests are answered by others', async ({
  stack,
}) => {
  const url = `${stack.publicUrl}/ping`;
  const stoppedPid = (await stack.status()).workers[0]!.pid;
  const stuck = async () =>
    total(await scrape(`${stack.metricsUrl}/metrics`, SCRAPE_TIMEOUT_MS), 'app_worker_exits_total', {
      reason: 'stuck',
    });
  const stuckBefore = await stuck();
  const scraping = startScraping({
    url: `${stack.metricsUrl}/metrics`,
    everyMs: 100,
    timeoutMs: SCRAPE_TIMEOUT_MS,
  });
  // The worker is stopped with pending requests. When it is killed, nginx sends them to another worker.
  const load = startLoad({ ...LOAD, url });
  const warm = () => (load.report.answered >= IN_A_ROW ? true : undefined);
  try {
    await poll('answers', warm, { deadlineMs: DEADLINE_MS });
    const before = await counted(stack);
    const answeredBefore = load.report.answered;
    await stack.signal('STOP', stoppedPid);
    const { scrapes } = scraping.report;
    const stopped = load.report.answered;
    let meanwhile = 0;
    const replaced = async () => {
      const { answered } = load.report;
      if ((await stack.status()).workers.every(({ pid }) => pid !== stoppedPid)) return true;
      meanwhile = answered - stopped;
      return undefined;
    };
    await poll('its replacement', replaced, { deadlineMs: DEADLINE_MS });
    // A scrape that waited for the stopped worker would end only after its replacement.
    expect(scraping.report.scrapes - scrapes, 'scrapes while the worker was stopped').toBeGreaterThanOrEqual(
      5,
    );
    console.log(`blocked: ${meanwhile} requests answered by others while the worker was stopped`);
    expect(meanwhile, 'requests answered while the worker was stopped').toBeGreaterThanOrEqual(
      ANSWERED_MEANWHILE,
    );
    await stack.settle();
    await load.stop();
    const after = await counted(stack);
    for (const which of ['counter', 'histogram'] as const) {
      expect(after[which], `${which}: the counts of the killed worker are kept`).toBeGreaterThanOrEqual(
        before[which] + load.report.answered - answeredBefore - LOAD.connections,
      );
    }
  } finally {
    await load.stop();
    await scraping.stop();
  }
  const { scrapes, failed, decreases, slowestMs } = scraping.report;
  const { sent, byStatus, byCause, slowestMs: slowestAnswerMs } = load.report;
  console.log(
    `blocked: ${sent} requests, by status ${JSON.stringify(byStatus)}, failed ${JSON.stringify(byCause)}, slowest ` +
      `${slowestAnswerMs.toFixed(0)} ms; ${scrapes} scrapes, slowest ${slowestMs.toFixed(0)} ms, ` +
      `${decreases.length} decreases`,
  );
  expect(byStatus, JSON.stringify(byCause)).toEqual({ 200: sent });
  expect(failed, 'failed scrapes').toEqual({});
  expect(decreases).toEqual([]);
  expect(await stuck(), 'exits with reason `stuck`').toBe(stuckBefore + 1);
  await answeredInARow(stack);
});

test('a primary that is killed while a worker is stopped is restarted and leaves no orphan', async ({
  stack,
}) => {
  const { primary, workers } = await stack.status();
  const old = [primary.pid, ...workers.map(({ pid }) => pid)];
  const supervisord = await stack.supervisordRun();
  await stack.signal('STOP', workers[0]!.pid);
  await stack.signal('KILL', primary.pid);

  const now = await poll(
    'a new primary with all its workers',
    async () => {
      const status = await stack.status();
      const ready = status.workers.filter(({ state }) => state === 'ready').length;
      const restarted = (await stack.supervisordRun()) !== supervisord;
      if ((status.primary.pid === primary.pid && !restarted) || ready !== WORKERS)
        throw new Error(JSON.stringify(status));
      return status;
    },
    { deadlineMs: DEADLINE_MS },
  );
  await stack.settle();
  expect(await stack.supervisordRun(), 'supervisord restarted the app and was not restarted').toBe(
    supervisord,
  );
  await poll(
    'the end of every process of the old application',
    async () => {
      const left = (await stack.processes()).filter(({ pid }) => old.includes(pid));
      if (left.length > 0) throw new Error(JSON.stringify(left));
      return true;
    },
    { deadlineMs: DEADLINE_MS },
  );
  expect(now.workers.filter(({ pid }) => old.includes(pid))).toEqual([]);
  await answeredInARow(stack);
  const slots = await stack.slotFiles();
  expect(slots.length, 'slot files').toBeLessThanOrEqual(WORKERS + 1);
  console.log(`blocked: primary ${primary.pid} -> ${now.primary.pid}, ${old.length} old processes exited`);
});
