import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { hasHostPrometheus } from '../../../e2e/support/host-prometheus.ts';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { measureCell } from './measure/cell.ts';
import { targetGroups, writeConfiguration } from './measure/configuration.ts';
import { PrometheusProcess } from './measure/prometheus-process.ts';
import { measureRounds } from './measure/rounds.ts';
import { WORKERS } from './plan.ts';
import { record } from './replay/record.ts';
import { reportOf } from './report/report.ts';

const PATHS = ['/metrics', ...Array.from({ length: WORKERS }, (_, slot) => `/metrics/workers/${slot}`)];
const SCRAPES = [1, 2].map((value) => `# TYPE n counter\nn ${value}\n`);
const TINY = { batches: [[2]], rounds: 1, settleSeconds: 0, seconds: 10 };

if (hasHostPrometheus()) {
  // Most of each test is waiting.
  describe('with Prometheus', { concurrency: true }, () => {
    test('promtool accepts the configuration', (t) => {
      const directory = temporaryDirectory(t);
      writeConfiguration(directory, targetGroups(3, 9041, PATHS));
      const output = execFileSync('promtool', ['check', 'config', 'prometheus.yml'], {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      assert.match(output, /SUCCESS: .*prometheus\.yml is valid/);
    });

    test('two replicas of the recorded app are scraped without a failure, merged and one target a worker', async (t) => {
      const recording = await record(t, { warmUpMs: 2000, scrapes: 2, recordEveryMs: 200 });
      assert.deepEqual(Object.keys(recording.paths), PATHS);
      const { cells, loadAverages } = await measureRounds(t, recording, TINY, () => {});
      const report = reportOf(cells, { busyBefore: 0, loadAverages });
      assert.deepEqual(report.failures, []);
      const [merged, perWorker] = cells;
      assert.deepEqual([merged!.figures.targets, perWorker!.figures.targets], [2, 2 * WORKERS]);
      for (const { figures } of [merged!, perWorker!]) {
        for (const [name, value] of Object.entries(figures))
          assert.ok(Number.isFinite(value), `${name}: ${value}`);
        assert.ok(figures.series >= figures.targets * figures.samplesPerScrape, JSON.stringify(figures));
        assert.ok(figures.samplesPerSecond > 0 && figures.residentMb > 0 && figures.chunkBytesPerSample > 0);
      }
      assert.ok(perWorker!.figures.series > merged!.figures.series);
    });

    test('a target that cannot be scraped ends the run with its target and reason', async (t) => {
      const recording = { contentType: 'text/html', paths: { '/metrics': SCRAPES } };
      await assert.rejects(
        measureCell(t, {
          recording,
          replicas: 2,
          side: 'merged',
          firstScrapesMs: 15_000,
          settleSeconds: 0,
          seconds: 1,
        }),
        ({ cause }: Error) => /127\.1\.0\.\d:\d+ failed: .*Content-Type/.test(String(cause)),
      );
    });
  });
} else {
  test('without Prometheus a run ends with what is missing', async (t) => {
    const directory = temporaryDirectory(t);
    await assert.rejects(
      PrometheusProcess.start(directory, directory),
      /Prometheus 3\.5 or later is not installed/,
    );
  });
}
