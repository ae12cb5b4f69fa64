import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import test from 'node:test';
import { SettingsError } from './environment.ts';
import { readSettings } from './settings.ts';

test('without variables every setting has its default', () => {
  assert.deepEqual(readSettings({}), {
    host: '127.0.0.1',
    port: 8041,
    listenOnStdin: false,
    waitForWorkerMs: 3000,
    metricsPort: 9041,
    workers: availableParallelism(),
    metricsDirectory: undefined,
    ffi: 'koffi',
    metrics: true,
    exemplars: true,
    maxWaitMs: 200,
    acceptTraceparent: false,
    maxInFlight: 1000,
    drainWaitMs: 1000,
    requestTimeoutMs: 30_000,
    drainTimeoutMs: 8000,
    finalScrape: false,
    plannedEndMark: undefined,
    finalScrapeMark: undefined,
    giveUpMs: 20_000,
    startTimeoutMs: 30_000,
    workerTimeoutMs: 5_000,
    maxRequests: 0,
    maxRequestsJitter: 0,
    maxMemoryMb: 0,
    slowRequestMs: 1000,
    inspect: 0,
  });
});

test('an empty variable counts as unset', () => {
  assert.deepEqual(
    readSettings({ WORKERS: '', PROMETHEUS_MULTIPROC_DIR: '', PORT: '', HOST: '' }),
    readSettings({}),
  );
});

test('a set variable is used', () => {
  const settings = readSettings({
    HOST: '0.0.0.0',
    PORT: '80',
    METRICS_PORT: '81',
    WORKERS: '3',
    PROMETHEUS_MULTIPROC_DIR: '/run/metrics',
    METRICS: '0',
  });
  assert.deepEqual(
    [
      settings.host,
      settings.port,
      settings.metricsPort,
      settings.workers,
      settings.metricsDirectory,
      settings.metrics,
    ],
    ['0.0.0.0', 80, 81, 3, '/run/metrics', false],
  );
});

for (const [name, value] of [
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['METRICS_PORT', '90x'],
  ['WORKERS', '0'],
  ['WORKERS', '2.5'],
  ['WORKERS', 'auto'],
  ['DRAIN_TIMEOUT_MS', '1e3'],
  ['METRICS', 'yes'],
  ['PROM_MULTIPROC_FFI', 'koffee'],
] as const) {
  test(`${name}=${value} is rejected with the value and the allowed values`, () => {
    assert.throws(
      () => readSettings({ [name]: value }),
      (error: Error) =>
        error instanceof SettingsError && error.message.startsWith(`${name}="${value}": set `),
    );
  });
}

test('one error lists all invalid variables', () => {
  assert.throws(() => readSettings({ PORT: 'a', WORKERS: 'b' }), /PORT="a".*\nWORKERS="b"/);
});

test('the same port for PORT and METRICS_PORT is rejected', () => {
  assert.throws(() => readSettings({ PORT: '9041' }), /PORT and METRICS_PORT are both 9041/);
});
