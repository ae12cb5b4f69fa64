/** Warns once about metrics that are not shared while others are. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { installedApplication } from '../../test/support/installed-application.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { Reader } from '../reader.ts';

const START = `
const own = require('prom-client');
const { metricsHandler, share } = require('prom-multiproc');
const warnings = [];
process.on('warning', ({ name, code, message }) => {
  if (name !== 'ExperimentalWarning') warnings.push(code + ' ' + message);
});
const print = () => console.log(JSON.stringify(warnings));
// Waits for the expected number of warnings, then long enough for a repeated one.
const printAfter = (times, left = 3000) => setTimeout(() => {
  if (warnings.length >= times || left === 0) setTimeout(print, 1500); else printAfter(times, left - 1);
}, 10);
const printLater = () => setTimeout(print, 2500);
`;

async function warningsOf(t: TestContext, source: string) {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  const { result } = await app.run<string[]>(START + source, {
    args: ['--no-warnings', '--expose-gc'],
    env: { PROMETHEUS_MULTIPROC_DIR: directory, PROMETHEUS_MULTIPROC_REFRESH_MS: '100' },
  });
  return { directory, warnings: result };
}

// Most of each test is waiting.
describe('an application with metrics that are not shared', { concurrency: 4 }, () => {
  for (const [what, source, where, path] of [
    [
      'the other client',
      `const other = require('@prometheus-io/client'); share(own.register);
     new other.Counter({ name: 'x_total', help: 'h' }).inc();`,
      'the global registry',
      'client',
    ],
    [
      'the other client, loaded after share()',
      `share(own.register); const other = require('@prometheus-io/client');
     new other.Counter({ name: 'x_total', help: 'h' }).inc();`,
      'the global registry',
      'client',
    ],
    [
      'a second copy of the client',
      `share(own.register); new (require('./other').Counter)({ name: 'x_total', help: 'h' }).inc();`,
      'the global registry',
      'other/node_modules/prom-client',
    ],
    [
      'the global registry beside a shared one',
      `share(new own.Registry()); new own.Counter({ name: 'x_total', help: 'h' }).inc();`,
      'the global registry',
      'prom-client',
    ],
    [
      'another registry',
      `share(own.register); new own.Counter({ name: 'x_total', help: 'h', registers: [globalThis.kept = new own.Registry()] }).inc();`,
      'a registry',
      'prom-client',
    ],
    [
      'a registry created late that survives a garbage collection',
      `share(own.register); setTimeout(() => {
       new own.Counter({ name: 'x_total', help: 'h', registers: [globalThis.kept = new own.Registry()] }).inc();
       setTimeout(gc, 1200);
     }, 1500);`,
      'a registry',
      'prom-client',
    ],
  ] as const) {
    test(`one warning, which says what to do: a metric of ${what}`, async (t) => {
      const { warnings } = await warningsOf(t, `${source} printAfter(1);`);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      const warning = warnings[0]!;
      assert.ok(
        warning.startsWith(`PROM_MULTIPROC_UNSHARED_METRICS x_total is not shared, in ${where} of /`),
        warning,
      );
      assert.match(warning, new RegExp(`of /\\S*${path}: call share\\(\\)`));
    });
  }

  test('one warning per registry names a metric and how many more there are', async (t) => {
    const { warnings } = await warningsOf(
      t,
      `share(own.register); const other = require('./other');
     for (const name of ['x_total', 'y_total', 'z_total']) new other.Counter({ name, help: 'h' });
     new (require('@prometheus-io/client').Counter)({ name: 'a_total', help: 'h' });
     setTimeout(() => new other.Counter({ name: 'later_total', help: 'h' }), 1000);
     printAfter(2);`,
    );
    assert.deepEqual(warnings.map((one) => one.split(' not shared')[0]).toSorted(), [
      'PROM_MULTIPROC_UNSHARED_METRICS a_total is',
      'PROM_MULTIPROC_UNSHARED_METRICS x_total and 2 more metrics are',
    ]);
  });

  for (const [what, source] of [
    ['clients without metrics', `require('./other'); require('@prometheus-io/client'); share(own.register);`],
    [
      'registries that metricsHandler() shows beside the shared one',
      `share(own.register); const apart = new own.Registry();
     new own.Counter({ name: 'x_total', help: 'h', registers: [apart] }).inc(); metricsHandler(own.register, apart);`,
    ],
    [
      'a registry passed to keepApart()',
      `share(own.register); const apart = new own.Registry();
     new own.Counter({ name: 'x_total', help: 'h', registers: [apart] }).inc(); require('prom-multiproc').keepApart(apart);`,
    ],
    [
      'registries that are shared shortly afterwards',
      `share(own.register); const other = require('./other'); new other.Counter({ name: 'x_total', help: 'h' }).inc();
     setTimeout(() => share(other.register), 50);`,
    ],
    [
      'metrics that are also in a shared registry',
      `share(own.register); globalThis.kept = new own.Registry();
     new own.Counter({ name: 'x_total', help: 'h', registers: [kept, own.register] }).inc();`,
    ],
    [
      'short-lived registries, one per probe',
      `share(own.register); const probe = () => { const registers = [new own.Registry()];
       new own.Gauge({ name: 'probe_success', help: 'h', registers }).set(1); return registers[0].metrics(); };
     setTimeout(() => { for (let i = 0; i < 100; i++) probe(); }, 1100);
     setTimeout(() => { gc(); probe(); }, 2200);`,
    ],
    [
      'registries that a call of share() without an argument includes',
      `share(); new (require('./other').Counter)({ name: 'x_total', help: 'h' });`,
    ],
  ] as const) {
    test(`not warned: ${what}`, async (t) => {
      const { warnings } = await warningsOf(t, `${source} printLater();`);
      assert.deepEqual(warnings, []);
    });
  }

  test('not warned while the variable is unset', async (t) => {
    const app = installedApplication(t);
    const { result } = await app.run<string[]>(
      `${START} share(own.register); new (require('./other').Counter)({ name: 'x_total', help: 'h' }); printLater();`,
    );
    assert.deepEqual(result, []);
  });
});

test('prom_multiproc_unshared_metrics is the number in living processes, and 0 once they are shared', async (t) => {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  const file = join(app.path, 'counting.cjs');
  writeFileSync(
    file,
    `${START} const other = require('./other'); share(own.register);
     for (const name of ['x_total', 'y_total']) new other.Counter({ name, help: 'h' });
     process.on('message', () => share(other.register)); process.send('ready');`,
  );
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory, PROMETHEUS_MULTIPROC_REFRESH_MS: '100' };
  const children = [1, 2].map(() => fork(file, { env, execArgv: ['--no-warnings'] }));
  t.after(() => children.forEach((child) => void child.kill('SIGKILL')));
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const unshared = (wanted: number) =>
    until(`${wanted} unshared metrics`, () => {
      return sample(reader.metrics(), 'prom_multiproc_unshared_metrics') === wanted;
    });
  await unshared(4);
  children[0]!.kill('SIGKILL');
  await unshared(2);
  children[1]!.send('share');
  await unshared(0);
});
