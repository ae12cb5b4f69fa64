import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { startLoad } from '../test-kit/load.ts';
import { totalOfAllLives } from '../test-kit/prometheus.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 8 * 60_000;
/** Fewer in each round, so that the first sample of a container is lower than the last one of the container before, at its address. */
const SEEN = [200, 150, 100];
const AT_STAKE = 300;
const LOAD = { connections: 4, durationMs: 60_000, requestTimeoutMs: 20_000 };
const DEADLINE = { deadlineMs: 90_000, everyMs: 100 };
const SELECTOR = 'http_requests_total{job="app",route="/ping"}';
const WAITS = '"msg":"waiting for the final scrape"';
const ENDED = '"msg":"drained; exiting"';

const run = promisify(execFile);

/** Scrapes each 10 s, longer than a drain takes: otherwise a scrape during the drain often sees the last counts by chance. */
function slowPrometheus(): string {
  const text = readFileSync(join(ROOT, 'prometheus/prometheus.yml'), 'utf8');
  const file = join(temporaryDirectory(thisProcess), 'prometheus.yml');
  writeFileSync(file, text.replace('scrape_interval: 5s', 'scrape_interval: 10s'));
  return file;
}

function start(finalScrape: string): Promise<ComposeStack> {
  return ComposeStack.start({
    sharing: true,
    overrides: ['kit/specs/fixtures/given-prometheus.compose.yml'],
    environment: { FINAL_SCRAPE: finalScrape, PROMETHEUS_FILE: slowPrometheus() },
  });
}

async function ping(stack: ComposeStack, requests: number): Promise<void> {
  const { report, done } = startLoad({ ...LOAD, url: `${stack.publicUrl}/ping`, maxRequests: requests });
  await done;
  expect(report.byStatus).toEqual({ 200: requests });
}

const inPrometheus = (stack: ComposeStack) => totalOfAllLives(stack.prometheusUrl, SELECTOR, '30m');

/** Replaces the app's container several times, each time just after it has answered requests. Returns how many were answered in all. */
async function replace(stack: ComposeStack): Promise<{ answered: number; seen: number }> {
  let [answered, before] = [0, 0];
  for (const seen of SEEN) {
    await ping(stack, seen);
    // Prometheus has just scraped this container, so the next requests are in no scrape for some time.
    await poll(
      'the next scrape',
      async () => (await inPrometheus(stack)) >= before + seen || undefined,
      DEADLINE,
    );
    await ping(stack, AT_STAKE);
    answered += seen + AT_STAKE;
    await stack.compose('up', '--detach', '--no-deps', '--no-build', '--force-recreate', '--wait', 'app');
    await stack.settle();
    before = await inPrometheus(stack);
  }
  return { answered, seen: before };
}

test('with the final scrape the last samples of all containers add up to exactly what was answered', async () => {
  test.setTimeout(TIMEOUT_MS);
  const stack = await start('1');
  try {
    const { answered, seen } = await replace(stack);
    console.log(`final scrape: ${answered} answered by ${SEEN.length} containers, ${seen} in Prometheus`);
    expect(seen).toBe(answered);
    const lines: string[] = [];
    const log = await stack.followLog('app', (line) => lines.push(line));
    try {
      await stack.restartApp();
      await stack.settle();
      await run(join(ROOT, 'scripts/down'), ['--volumes'], { env: stack.scriptEnvironment });
      const ends = () => lines.filter((line) => line.includes(ENDED)).length;
      await poll('the last line of the app', () => ends() >= 2 || undefined, DEADLINE);
    } finally {
      log.close();
    }
    expect(
      lines.filter((line) => line.includes(WAITS)),
      'supervisorctl restart and scripts/down do not wait',
    ).toEqual([]);
  } finally {
    stack.down();
  }
});

test('without the final scrape they fall short', async () => {
  test.setTimeout(TIMEOUT_MS);
  const stack = await start('');
  try {
    const { answered, seen } = await replace(stack);
    console.log(`no final scrape: ${answered} answered by ${SEEN.length} containers, ${seen} in Prometheus`);
    expect(seen).toBeLessThan(answered);
  } finally {
    stack.down();
  }
});
