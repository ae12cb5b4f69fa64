import { type Counted, countedOf } from '../scripts/measure/counted.ts';
import { type LoadReport, startLoad } from '../scripts/measure/load.ts';
import { poll } from '../scripts/measure/poll.ts';
import { scrape } from '../scripts/measure/scrape.ts';
import { startScraping } from '../scripts/measure/scraping.ts';
import { expect, test } from './fixtures.ts';
import { type Stack, WORKERS } from './stack.ts';

const SCRAPE_TIMEOUT_MS = 10_000;
const LOAD = { connections: 8, maxRequests: 50_000, durationMs: 10_000, requestTimeoutMs: 3_000, pauseMs: 5 };
const IN_A_ROW = 200;
const DEADLINE_MS = 60_000;

const counted = async (stack: Stack): Promise<Counted> =>
  countedOf(await scrape(`${stack.doorUrl}/metrics`, SCRAPE_TIMEOUT_MS), '/ping');

/** Requests already handed to a stopped worker hang; the others must not, and soon none does. */
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

test('a stopped worker neither delays nor blanks the scrape, and others answer for it', async ({ stack }) => {
  const url = `${stack.publicUrl}/ping`;
  const victim = (await stack.status()).workers[0]!.pid;
  const stateOf = async (pid: number) => (await stack.processes()).find((found) => found.pid === pid)?.state;
  const scraping = startScraping({
    url: `${stack.doorUrl}/metrics`,
    everyMs: 100,
    timeoutMs: SCRAPE_TIMEOUT_MS,
  });
  // It is stopped with requests in its hands: those hang, and are accounted for as such.
  const load = startLoad({ ...LOAD, url });
  try {
    await poll('answers', () => (load.report.answered >= IN_A_ROW ? true : undefined), {
      deadlineMs: DEADLINE_MS,
    });
    await stack.signal('STOP', victim);
    const before = await counted(stack);
    const answeredBefore = load.report.byStatus[200] ?? 0;
    expect(await stateOf(victim), 'stopped').toBe('T');
    await load.done;
    const answered = (load.report.byStatus[200] ?? 0) - answeredBefore;
    expect(answered, 'answered by others').toBeGreaterThan(IN_A_ROW);
    await answeredInARow(stack);
    const after = await counted(stack);
    for (const which of ['counter', 'histogram'] as const) {
      expect(after[which], `${which}: what it had counted is still there`).toBeGreaterThanOrEqual(
        before[which] + answered + IN_A_ROW - LOAD.connections,
      );
    }
    expect(await stateOf(victim), 'still stopped').toBe('T');
  } finally {
    await stack.signal('CONT', victim);
    await load.stop();
    await scraping.stop();
  }
  const { workers } = await stack.settle();
  const { scrapes, failed, decreases, slowestMs } = scraping.report;
  const { sent, byStatus, byCause } = load.report;
  console.log(
    `blocked: ${sent} requests, by status ${JSON.stringify(byStatus)}, failed ${JSON.stringify(byCause)}; ` +
      `${scrapes} scrapes, slowest ${slowestMs.toFixed(0)} ms, ${decreases.length} decreases`,
  );
  expect(failed, 'failed scrapes').toEqual({});
  expect(decreases).toEqual([]);
  expect(
    workers.map(({ pid }) => pid),
    'the same worker goes on',
  ).toContain(victim);
  await answeredInARow(stack);
});

test('a primary killed while a worker is stopped comes back by itself and leaves no orphan', async ({
  stack,
}) => {
  const { primary, workers } = await stack.status();
  const old = [primary.pid, ...workers.map(({ pid }) => pid)];
  const containerStart = await stack.startedAt('app');
  await stack.signal('STOP', workers[0]!.pid);
  await stack.signal('KILL', primary.pid);

  const now = await poll(
    'a new primary with all its workers',
    async () => {
      const status = await stack.status();
      const ready = status.workers.filter(({ state }) => state === 'ready').length;
      const restarted = (await stack.startedAt('app')) !== containerStart;
      if ((status.primary.pid === primary.pid && !restarted) || ready !== WORKERS)
        throw new Error(JSON.stringify(status));
      return status;
    },
    { deadlineMs: DEADLINE_MS },
  );
  await stack.settle();
  expect(await stack.startedAt('app'), 'supervisord did it, not the engine').toBe(containerStart);
  const left = (await stack.processes()).filter(({ pid }) => old.includes(pid));
  expect(left, 'processes of the old application').toEqual([]);
  expect(now.workers.filter(({ pid }) => old.includes(pid))).toEqual([]);
  await answeredInARow(stack);
  const slots = await stack.slotFiles();
  expect(slots.length, 'slot files').toBeLessThanOrEqual(WORKERS + 1);
  console.log(`blocked: primary ${primary.pid} -> ${now.primary.pid}, ${old.length} old processes gone`);
});
