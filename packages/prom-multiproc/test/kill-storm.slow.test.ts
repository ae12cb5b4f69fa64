import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TextReader } from './support/directory-text.ts';
import { until } from './support/poll.ts';
import { Random } from './support/random.ts';
import { values } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const WORKERS = 3;
const KILLS = 10;

test('processes killed at random times lose no counts, and no series ever falls', async (t) => {
  const directory = temporaryDirectory(t);
  const random = new Random(1);
  let reported = 0;
  const start = () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'support/busy-process.ts')], {
      env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const worker = { child, reported: 0, closed: once(child, 'close') };
    child.stdout.on('data', (bytes: Buffer) => {
      worker.reported += bytes.length;
      reported += bytes.length;
    });
    return worker;
  };
  const end = async ({ child, closed }: { child: ChildProcess; closed: Promise<unknown> }) => {
    child.kill('SIGKILL');
    await closed;
  };

  const reader = new TextReader(t, directory);
  let last = new Map<string, number>();
  let scrapes = 0;
  const scrape = () => {
    const now = values(reader.text());
    for (const [series, value] of last) {
      if (!(now.get(series)! >= value)) assert.fail(`${series} fell from ${value} to ${now.get(series)}`);
    }
    last = now;
    scrapes++;
  };

  const workers = Array.from({ length: WORKERS }, start);
  for (let kills = 0; kills < KILLS; kills++) {
    const at = random.int(WORKERS);
    const enough = 1 + random.int(2_000);
    await until('the worker to count', async () => {
      scrape();
      await turn();
      return workers[at]!.reported >= enough || workers[at]!.child.exitCode !== null;
    });
    await end(workers[at]!);
    workers[at] = start();
  }
  await Promise.all(workers.map(end));
  scrape();

  const total = (name: string) =>
    [...last].filter(([series]) => series.startsWith(name)).reduce((sum, [, value]) => sum + value, 0);
  // Each killed process may have counted once more than it reported.
  const most = reported + KILLS + WORKERS;
  for (const name of ['requests_total', 'seconds_count']) {
    const counted = total(name);
    assert.ok(
      counted >= reported && counted <= most,
      `${name}: ${counted} counted, expected ${reported} to ${most}`,
    );
  }
  assert.deepEqual(reader.errors, []);
  assert.ok(readdirSync(directory).length <= WORKERS);
  t.diagnostic(`${reported} increments, ${KILLS} kills, ${scrapes} scrapes`);
});
