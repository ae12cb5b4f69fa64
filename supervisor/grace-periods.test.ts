/** Each grace period follows from the longest end of the primary. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSettings } from '../packages/cluster-runtime/src/core/settings.ts';
import { longestEndMs } from '../packages/cluster-runtime/src/primary/longest-end.ts';

const text = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

/** Time for a process to exit after it has done everything. */
const MARGIN_SECONDS = 2;

function seconds(file: string, pattern: RegExp): number {
  const [, found] = pattern.exec(text(file)) ?? assert.fail(`${file} does not match ${pattern}`);
  return Number(found);
}

const primary = longestEndMs(readSettings({})) / 1000;
const ofProgram = (file: string) => seconds(file, /^stopwaitsecs=(\d+)$/m);
const app = ofProgram('supervisor/programs/app.conf');
const nginx = ofProgram('supervisor/host/nginx.conf');
const prometheus = ofProgram('supervisor/host/prometheus.conf');

test('supervisord waits for the longest end of the primary: drain, kill and final scrape', () => {
  assert.equal(primary, 25);
  assert.ok(app >= primary + MARGIN_SECONDS, `${app} s`);
});

test('the container of the app may take longer than supervisord waits', () => {
  const { services } = parse(text('docker-compose.yml'), { merge: true });
  const grace = Number.parseInt(services.app.stop_grace_period, 10);
  assert.ok(grace >= app + MARGIN_SECONDS, `${grace} s`);
});

test('supervisord waits for nginx longer than nginx for its requests', () => {
  const drain = seconds('nginx/nginx.conf', /^worker_shutdown_timeout (\d+)s;$/m);
  assert.ok(nginx >= drain + MARGIN_SECONDS, `${nginx} s`);
});

test('without containers, scripts/down waits until supervisord has stopped one program after the other', () => {
  const wait = seconds('scripts/lib/host/stop.sh', /^host_stop_seconds=(\d+)$/m);
  assert.ok(wait >= app + nginx + prometheus + MARGIN_SECONDS, `${wait} s`);
});
