import { countedOf } from '../../kit/test-kit/counted.ts';
import { total } from '../../kit/test-kit/exposition.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, sharing, test } from '../support/fixtures.ts';
import { Stack, WORKERS } from '../support/stack.ts';

const REQUESTS = 400;
const LOAD = { connections: 16, maxRequests: REQUESTS, durationMs: 60_000, requestTimeoutMs: 20_000 };
const TIMEOUT_MS = 20_000;
const DEADLINE = { deadlineMs: 60_000 };
const START_TIMEOUT_MS = 15 * 60_000;
/** A header, one chunk of the log and one chunk of cells: packages/prom-multiproc/FORMAT.md. */
const WHOLE_SLOT_BYTES = 4096 + 2 * 65536;

test.skip(!sharing, 'nothing to damage without sharing');

interface Slot {
  readonly name: string;
  readonly bytes: number;
  readonly pid: number;
}

const LIST =
  'cd "$PROMETHEUS_MULTIPROC_DIR" && for f in slot-*; do echo "$f $(stat -c %s "$f") $(od -An -tu4 -j28 -N4 "$f")"; done';

async function slotsOf(stack: Stack): Promise<Slot[]> {
  const lines = (await stack.exec('app', 'sh', '-c', LIST)).trim().split('\n');
  return lines.map((line) => {
    const [name, bytes, pid] = line.split(/\s+/);
    return { name: name!, bytes: Number(bytes), pid: Number(pid) };
  });
}

async function logLines(stack: Stack, text: string): Promise<string[]> {
  const log = await stack.compose('logs', '--no-color', '--no-log-prefix', 'app');
  return log.split('\n').filter((line) => line.includes(text));
}

/** Sends requests and expects status 200 for each. */
async function ping(stack: Stack, requests = REQUESTS): Promise<void> {
  const report = await startLoad({ ...LOAD, maxRequests: requests, url: `${stack.publicUrl}/ping` }).done;
  expect(report.byStatus, JSON.stringify(report.byCause)).toEqual({ 200: requests });
}

function metricsOf(stack: Stack) {
  return scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
}

/** Returns the count of pings once it is stable. Counter and histogram must agree. */
async function counted(stack: Stack): Promise<number> {
  const read = async () => countedOf(await metricsOf(stack), '/ping');
  const { counter, histogram } = await pollUntilStable('the count', read, { forMs: 500, ...DEADLINE });
  expect(histogram).toBe(counter);
  return counter;
}

const pidsOf = async (stack: Stack) => (await stack.status()).workers.map(({ pid }) => pid).sort();

async function withStack(overrides: readonly string[], run: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await Stack.start({ sharing: true, overrides });
  try {
    await run(stack);
  } finally {
    await stack.down();
  }
}

test('a full directory loses only the counts that have no room', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await withStack(['e2e/fixtures/small-directory.compose.yml'], async (stack) => {
    const pids = await pidsOf(stack);
    await ping(stack);
    const first = await counted(stack);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(REQUESTS);
    await ping(stack);
    const second = await counted(stack);
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThanOrEqual(2 * REQUESTS);

    const slots = await slotsOf(stack);
    const small = slots.filter(({ bytes }) => bytes < WHOLE_SLOT_BYTES);
    expect(slots.length).toBe(WORKERS);
    expect(small.length, JSON.stringify(slots)).toBeGreaterThan(0);
    expect(small.length, JSON.stringify(slots)).toBeLessThan(WORKERS);
    const shown = await metricsOf(stack);
    expect(total(shown, 'prom_multiproc_refused_series_total')).toBeGreaterThan(0);
    expect(total(shown, 'prom_multiproc_unreadable_slots')).toBe(0);
    expect(total(shown, 'prom_multiproc_workers')).toBe(WORKERS);
    const warnings = await logLines(stack, 'a series is not shared: posix_fallocate failed: ENOSPC');
    expect(warnings.length, warnings.join('\n')).toBe(small.length);
    expect(await pidsOf(stack), 'no worker exited').toEqual(pids);
    console.log(
      `full directory: ${2 * REQUESTS} answered, ${second} counted by ${WORKERS - small.length} of ${WORKERS} workers, ` +
        `${total(shown, 'prom_multiproc_refused_series_total')} series refused, ${warnings.length} log lines`,
    );
  });
});

test('slot files that are overwritten, deleted or cut keep their last values, are logged, and are replaced', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await withStack([], async (stack) => {
    const file = (name: string) => `"$PROMETHEUS_MULTIPROC_DIR"/${name}`;
    const unreadable = async () => total(await metricsOf(stack), 'prom_multiproc_unreadable_slots');
    const warnings = () => logLines(stack, 'The totals keep its last good values');
    const killHolder = async ({ pid }: Slot) => {
      await stack.signal('KILL', pid);
      await poll('its exit', async () => ((await pidsOf(stack)).includes(pid) ? undefined : true), DEADLINE);
      await stack.settle();
    };
    await ping(stack);
    expect(await counted(stack)).toBe(REQUESTS);
    const [first, second] = (await slotsOf(stack)) as [Slot, Slot];
    expect([first.name, second.name]).toEqual(['slot-0.metrics', 'slot-1.metrics']);
    const scraping = startScraping({
      url: `${stack.metricsUrl}/metrics`,
      everyMs: 100,
      timeoutMs: TIMEOUT_MS,
    });

    const overwrite = `printf 'GARBAGE!' | dd of=${file(first.name)} bs=8 conv=notrunc status=none`;
    await stack.exec('app', 'sh', '-c', overwrite);
    expect(await unreadable()).toBe(1);
    await ping(stack);
    expect(await counted(stack)).toBeGreaterThanOrEqual(REQUESTS);
    const workers = await pidsOf(stack);
    await poll(
      'another slot of its holder',
      async () =>
        (await logLines(stack, 'was overwritten: this process continues in another slot')).length === 1
          ? true
          : undefined,
      DEADLINE,
    );
    const healed = await counted(stack);
    await ping(stack);
    expect(await counted(stack), 'every worker counts again').toBe(healed + REQUESTS);
    expect(await pidsOf(stack), 'no worker exited').toEqual(workers);
    await killHolder(first);
    const afterKill = await slotsOf(stack);
    expect(afterKill.map(({ name }) => name)).toContain(`slot-${WORKERS}.metrics`);
    expect(afterKill[0], 'the damaged file is unchanged').toEqual(first);
    const before = await counted(stack);
    await ping(stack);
    expect(await counted(stack), 'no worker counts into the damaged slot').toBe(before + REQUESTS);
    expect((await warnings()).length).toBe(1);

    await stack.exec('app', 'sh', '-c', `rm ${file(second.name)}`);
    expect(await unreadable()).toBe(2);
    await ping(stack);
    expect(await counted(stack)).toBeGreaterThanOrEqual(before + REQUESTS);
    await killHolder(second);
    expect((await slotsOf(stack)).map(({ name }) => name)).toContain(second.name);
    const beside = await counted(stack);
    await ping(stack);
    expect(await counted(stack), 'the new file counts too').toBe(beside + REQUESTS);
    expect(await unreadable()).toBe(2);
    const lines = await warnings();
    // The deletion is logged once. The new file in its place is not logged again.
    expect(lines.length, lines.join('\n')).toBe(2);

    const third = (await slotsOf(stack)).find(({ name }) => name === 'slot-2.metrics')!;
    const { primary } = await stack.status();
    await stack.exec('app', 'sh', '-c', `: >${file(third.name)}`);
    // A store beyond the end of the file ends only this worker by SIGBUS, unless the worker detects the cut before.
    await startLoad({ ...LOAD, url: `${stack.publicUrl}/ping` }).done;
    await poll(
      'its exit or another slot of it',
      async () => {
        const turned = await logLines(stack, 'was truncated to 0 bytes: this process continues');
        return turned.length > 0 || !(await pidsOf(stack)).includes(third.pid) ? true : undefined;
      },
      DEADLINE,
    );
    await stack.settle();
    const settled = await counted(stack);
    await ping(stack);
    expect(await counted(stack), 'no worker counts into the cut file').toBe(settled + REQUESTS);
    expect((await stack.status()).primary.pid, 'the primary is the same process').toBe(primary.pid);
    expect((await warnings()).length).toBe(3);

    await scraping.stop();
    const { scrapes, failed, decreases } = scraping.report;
    console.log(`damage: ${scrapes} scrapes, ${decreases.length} decreases, ${settled + REQUESTS} counted`);
    expect(failed).toEqual({});
    expect(decreases).toEqual([]);
  });
});

test('with a read-only directory requests are served, and /metrics is a 503 with the reason', async ({
  stack,
}) => {
  /** supervisord restarts the app. The workers exit with the primary. */
  const restartWith = async (mode: string) => {
    const { primary, workers } = await stack.status();
    const { pid } = primary;
    const directory = '"$PROMETHEUS_MULTIPROC_DIR"';
    // All processes are stopped first: a worker whose file is missing would create another one.
    const all = [pid, ...workers.map((worker) => worker.pid)].join(' ');
    const change = `rm -f ${directory}/slot-* && chmod ${mode} ${directory}`;
    await stack.exec('app', 'sh', '-c', `kill -s STOP ${all} && ${change} && kill -s KILL ${pid}`);
    await poll(
      'a new primary',
      async () => ((await stack.status()).primary.pid === pid ? undefined : true),
      DEADLINE,
    );
    await stack.settle();
  };
  const logged = (await logLines(stack, 'EACCES')).length;
  try {
    await restartWith('0500');
    await ping(stack, 50);
    for (let i = 0; i < 5; i++) {
      const response = await fetch(`${stack.metricsUrl}/metrics`);
      expect(response.status).toBe(503);
      expect(await response.text()).toMatch(/cannot share metrics in .*EACCES: permission denied/);
    }
    const lines = await poll(
      'the log',
      async () => {
        const all = (await logLines(stack, 'EACCES')).slice(logged);
        return all.length > WORKERS ? all : undefined;
      },
      DEADLINE,
    );
    expect(lines.length, `one line of each worker and one of the metrics server:\n${lines.join('\n')}`).toBe(
      WORKERS + 1,
    );
  } finally {
    await restartWith('0750');
  }
  await ping(stack, 50);
  expect(await counted(stack)).toBe(50);
});

const FETCH = (path: string) =>
  `fetch('http://127.0.0.1:${path}').then((r) => r.text()).then((text) => process.stdout.write(text))`;

test('two containers with one directory have one total and their own slots, and no count is lost when a worker or a whole container is killed', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await withStack(['e2e/fixtures/two-containers.compose.yml'], async (stack) => {
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
