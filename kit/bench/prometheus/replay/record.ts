import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetGroup } from '../../../../packages/cluster-runtime/src/core/target-group.ts';
import { ports, runApp } from '../../../../packages/cluster-runtime/test/support/run-app.ts';
import { allReady, statusWhen } from '../../../../packages/cluster-runtime/test/support/status.ts';
import {
  type Cleanup,
  temporaryDirectory,
} from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { type OpenLoop, startOpenLoop } from '../../../test-kit/open-loop.ts';
import { WORKERS } from '../plan.ts';
import type { Recording } from './replay-server.ts';

const APP = resolve(import.meta.dirname, '../../../../demo-app/src/main.ts');
const REQUESTS_PER_SECOND = 50;
/** One request in ten is not found. */
const LOADS = { '/ping': 0.9, '/missing': 0.1 } as const;
const TIMEOUT_MS = 4000;

export interface RecordOptions {
  readonly warmUpMs: number;
  readonly scrapes: number;
  readonly recordEveryMs: number;
}

/** Scrapes the demo application with four workers while it serves requests: the totals, and each worker. */
export async function record(
  owner: Cleanup,
  { warmUpMs, scrapes, recordEveryMs }: RecordOptions,
): Promise<Recording> {
  const app = runApp(owner, APP, {
    WORKERS: String(WORKERS),
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(owner),
    MAX_WAIT_MS: '0',
  });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const paths = ['/metrics', ...(await workerPaths(metrics))];
  const durationMs = warmUpMs + scrapes * recordEveryMs;
  const loads = Object.entries(LOADS).map(([path, share]) =>
    startOpenLoop({
      url: url + path,
      rate: REQUESTS_PER_SECOND * share,
      durationMs,
      maxConnections: 4 * WORKERS,
      timeoutMs: TIMEOUT_MS,
    }),
  );
  await sleep(warmUpMs);
  const texts: Record<string, string[]> = Object.fromEntries(paths.map((path) => [path, []]));
  let contentType = '';
  for (let i = 0; i < scrapes; i++) {
    const next = sleep(recordEveryMs);
    for (const path of paths) {
      const answer = await fetch(metrics + path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      contentType = answer.headers.get('Content-Type')!;
      texts[path]!.push(await answer.text());
    }
    await next;
  }
  await allAnswered(loads);
  // Its workers end with it.
  app.child.kill('SIGKILL');
  await app.exit();
  return { contentType, paths: texts };
}

async function workerPaths(metrics: string): Promise<string[]> {
  const groups = (await (await fetch(`${metrics}/targets`)).json()) as TargetGroup[];
  if (groups.length !== WORKERS) throw new Error(`/targets has ${groups.length} workers, not ${WORKERS}`);
  return groups.map(({ labels }) => labels.__metrics_path__!);
}

async function allAnswered(loads: readonly OpenLoop[]): Promise<void> {
  for (const { done } of loads) {
    const { failed, byCause } = await done;
    if (failed > 0) throw new Error(`${failed} requests failed while recording: ${JSON.stringify(byCause)}`);
  }
}
