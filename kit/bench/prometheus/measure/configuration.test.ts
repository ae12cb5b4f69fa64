import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { temporaryDirectory } from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { INTERVAL_S } from './cell.ts';
import { targetGroups, writeConfiguration } from './configuration.ts';

const WORKERS = ['/metrics/workers/0', '/metrics/workers/7'];

test('each replica is one target, or one for each worker with the label worker', () => {
  const targets = ['127.1.0.0:80', '127.1.0.1:80'];
  assert.deepEqual(targetGroups(2, 80, ['/metrics']), [
    { targets, labels: { __metrics_path__: '/metrics' } },
  ]);
  assert.deepEqual(targetGroups(2, 80, WORKERS), [
    { targets, labels: { __metrics_path__: WORKERS[0]!, worker: '0' } },
    { targets, labels: { __metrics_path__: WORKERS[1]!, worker: '7' } },
  ]);
});

test("the configuration has the kit's interval and rules, and no job but app", (t) => {
  const directory = temporaryDirectory(t);
  writeConfiguration(directory, []);
  const yaml = (file: string) => parse(readFileSync(join(directory, file), 'utf8'));
  assert.equal(yaml('prometheus.yml').global.scrape_interval, `${INTERVAL_S}s`);
  assert.deepEqual(
    yaml('scrape/jobs.yml').scrape_configs.map((job: { job_name: string }) => job.job_name),
    ['app'],
  );
  assert.match(readFileSync(join(directory, 'rules/http.yml'), 'utf8'), /job="app"/);
});
