import { total } from '../../kit/test-kit/exposition.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, sharing, test, withStack } from '../support/fixtures.ts';
import { counted, metricsOf, PING_LOAD, ping, REQUESTS } from '../support/pings.ts';
import { type Stack, WORKERS } from '../support/stack.ts';

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
  const lines = (await stack.shell(LIST)).trim().split('\n');
  return lines.map((line) => {
    const [name, bytes, pid] = line.split(/\s+/);
    return { name: name!, bytes: Number(bytes), pid: Number(pid) };
  });
}

async function logLines(stack: Stack, text: string): Promise<string[]> {
  return (await stack.log('app')).split('\n').filter((line) => line.includes(text));
}

const pidsOf = async (stack: Stack) => (await stack.status()).workers.map(({ pid }) => pid).sort();

test('a full directory loses only the counts that have no room', async ({ startStack }) => {
  test.setTimeout(START_TIMEOUT_MS);
  await withStack(startStack({ sharing: true, smallDirectory: true }), async (stack) => {
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

test('slot files that are overwritten, deleted or cut keep their last values, are logged, and are replaced', async ({
  startStack,
}) => {
  test.setTimeout(START_TIMEOUT_MS);
  await withStack(startStack({ sharing: true }), async (stack) => {
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
    await stack.shell(overwrite);
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

    await stack.shell(`rm ${file(second.name)}`);
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
    await stack.shell(`: >${file(third.name)}`);
    // A store beyond the end of the file ends only this worker by SIGBUS, unless the worker detects the cut before.
    await startLoad({ ...PING_LOAD, url: `${stack.publicUrl}/ping` }).done;
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
    await stack.shell(`kill -s STOP ${all} && ${change} && kill -s KILL ${pid}`);
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
