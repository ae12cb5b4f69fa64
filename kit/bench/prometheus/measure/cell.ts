import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from '../../../../packages/prom-multiproc/test/support/poll.ts';
import {
  type Cleanup,
  temporaryDirectory,
} from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { type Exposition, total } from '../../../test-kit/exposition.ts';
import { type Series, samplesIn, targets } from '../../../test-kit/prometheus.ts';
import { processorMicroseconds } from '../../stack/processor-time.ts';
import { mean, quantile } from '../../stats/spread.ts';
import type { Recording } from '../replay/replay-server.ts';
import { targetGroups, writeConfiguration } from './configuration.ts';
import { blocksIn } from './disk.ts';
import { memoryOf, PrometheusProcess } from './prometheus-process.ts';
import { accountOf, durationsOf, type ScrapeAccount } from './scrapes.ts';

const SERVE = resolve(import.meta.dirname, '../replay/serve.ts');
/** As in prometheus/prometheus.yml, which configuration.test.ts checks. */
export const INTERVAL_S = 5;
const FIRST_SCRAPES_MS = 120_000;
const MEMORY_EVERY_MS = 2000;
const QUERY_TIMEOUT_MS = 60_000;

export const SIDES = ['merged', 'per_worker'] as const;
export type Side = (typeof SIDES)[number];

/** Paths of one replica that are its targets. */
export function pathsOf(recording: Recording, side: Side): string[] {
  return Object.keys(recording.paths).filter((path) => (path === '/metrics') === (side === 'merged'));
}

export interface CellOptions {
  readonly recording: Recording;
  readonly replicas: number;
  readonly side: Side;
  /** Time for the first scrape of all targets. */
  readonly firstScrapesMs?: number;
  readonly settleSeconds: number;
  readonly seconds: number;
}

/** What one Prometheus needs. Names end with their unit. */
export interface CellFigures {
  readonly targets: number;
  readonly series: number;
  readonly samplesPerScrape: number;
  readonly samplesPerSecond: number;
  readonly residentMb: number;
  readonly anonymousMb: number;
  readonly heapMb: number;
  readonly cores: number;
  readonly ruleSecondsPerSecond: number;
  readonly scrapeMs: number;
  readonly scrapeP99Ms: number;
  readonly replayCores: number;
  readonly chunkBytesPerSample: number;
  readonly indexBytesPerSeries: number;
  readonly walBytesPerSample: number;
}

export interface Cell {
  readonly figures: CellFigures;
  readonly account: ScrapeAccount & { readonly missedRules: number };
}

/** Lets a new Prometheus scrape `replicas` replays of the recording, and measures it after `settleSeconds`. @throws Error if a target cannot be scraped */
export async function measureCell(owner: Cleanup, options: CellOptions): Promise<Cell> {
  const directory = temporaryDirectory(owner, { name: 'bench-prometheus-' });
  const paths = pathsOf(options.recording, options.side);
  const file = join(directory, 'recording.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...options.recording,
      paths: Object.fromEntries(paths.map((path) => [path, options.recording.paths[path]])),
    }),
  );
  const replay = fork(SERVE, [file, String(options.replicas)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  owner.after(() => void replay.kill('SIGKILL'));
  let prometheus: PrometheusProcess | undefined;
  try {
    const [port] = (await once(replay, 'message')) as [number];
    writeConfiguration(directory, targetGroups(options.replicas, port, paths));
    prometheus = await PrometheusProcess.start(directory, join(directory, 'data'));
    await firstScrapes(
      prometheus,
      options.replicas * paths.length,
      options.firstScrapesMs ?? FIRST_SCRAPES_MS,
    );
    await sleep(options.settleSeconds * 1000);
    return await measure(prometheus, replay.pid!, options.replicas * paths.length, options.seconds);
  } finally {
    await prometheus?.stop();
    replay.kill('SIGKILL');
  }
}

/** Waits until the last scrape of each target succeeded: on a busy machine the first may take too long. */
async function firstScrapes(prometheus: PrometheusProcess, count: number, deadlineMs: number): Promise<void> {
  await poll(
    `a scrape of each of ${count} targets`,
    async () => {
      const all = await targets(prometheus.url);
      const failed = all.find(({ health }) => health === 'down');
      if (failed !== undefined) throw new Error(`${failed.instance} failed: ${failed.lastError}`);
      return (all.length === count && all.every(({ health }) => health === 'up')) || undefined;
    },
    { deadlineMs, everyMs: 500 },
  );
}

async function measure(
  prometheus: PrometheusProcess,
  replayPid: number,
  count: number,
  seconds: number,
): Promise<Cell> {
  const before = await countersOf(prometheus, replayPid);
  const memory: ReturnType<typeof memoryOf>[] = [];
  while (performance.now() < before.at + seconds * 1000) {
    await sleep(MEMORY_EVERY_MS);
    memory.push(memoryOf(prometheus.pid));
  }
  const after = await countersOf(prometheus, replayPid);
  const elapsed = (after.at - before.at) / 1000;
  const rise = (name: string): number => total(after.metrics, name) - total(before.metrics, name);
  const samplesOf = (metric: string): Promise<Series[]> =>
    samplesIn(prometheus.url, `${metric}{job="app"}`, `${seconds}s`, QUERY_TIMEOUT_MS);
  const account = accountOf(await samplesOf('up'), {
    targets: count,
    intervalS: INTERVAL_S,
    seconds,
  });
  const durations = durationsOf(await samplesOf('scrape_duration_seconds'));
  const scraped = await samplesOf('scrape_samples_scraped');
  const blocks = blocksIn(await prometheus.snapshot());
  const samples = rise('prometheus_tsdb_head_samples_appended_total');
  return {
    figures: {
      targets: count,
      series: total(after.metrics, 'prometheus_tsdb_head_series'),
      samplesPerScrape: mean(scraped.flatMap((series) => series.samples.map(([, value]) => value))),
      samplesPerSecond: samples / elapsed,
      residentMb: median(memory.map(({ resident }) => resident)) / 1e6,
      anonymousMb: median(memory.map(({ anonymous }) => anonymous)) / 1e6,
      heapMb: total(after.metrics, 'go_memstats_heap_inuse_bytes') / 1e6,
      cores: (after.cpu - before.cpu) / 1e6 / elapsed,
      ruleSecondsPerSecond: rise('prometheus_rule_evaluation_duration_seconds_sum') / elapsed,
      scrapeMs: durations.median,
      scrapeP99Ms: durations.p99,
      replayCores: (after.replayCpu - before.replayCpu) / 1e6 / elapsed,
      chunkBytesPerSample: blocks.chunkBytes / blocks.samples,
      indexBytesPerSeries: blocks.indexBytes / blocks.series,
      walBytesPerSample: rise('prometheus_tsdb_wal_storage_size_bytes') / samples,
    },
    account: { ...account, missedRules: rise('prometheus_rule_group_iterations_missed_total') },
  };
}

interface Counters {
  /** In milliseconds. */
  readonly at: number;
  readonly cpu: number;
  readonly replayCpu: number;
  readonly metrics: Exposition;
}

async function countersOf(prometheus: PrometheusProcess, replayPid: number): Promise<Counters> {
  const metrics = await prometheus.metrics();
  return { at: performance.now(), cpu: cpuOf(prometheus.pid), replayCpu: cpuOf(replayPid), metrics };
}

const cpuOf = (pid: number): number => processorMicroseconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));

const median = (values: readonly number[]): number => quantile(values, 0.5);
