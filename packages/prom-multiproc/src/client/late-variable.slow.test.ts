/** `PROMETHEUS_MULTIPROC_DIR` set in the process after the preload or after `share()`, as dotenv and PM2 do. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedApplication, PRELOAD } from '../../test/support/installed-application.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { Reader } from '../reader.ts';

const SET = 'process.env.PROMETHEUS_MULTIPROC_DIR = LATE_DIR;';
const lateIn = (directory: string) => `const LATE_DIR = ${JSON.stringify(directory)};`;
const COUNT = "const x = new client.Counter({ name: 'x_total', help: 'h' }); x.inc(3);";
const PRINT = 'client.register.metrics().then((text) => console.log(JSON.stringify(text)));';
const CLIENT = "const client = require('prom-client');";
const SHARE = "const { share, takeSlot } = require('prom-multiproc');";

for (const [what, program, args] of [
  ['after the preload, before the client is loaded', `${SET} ${CLIENT} ${COUNT} ${PRINT}`, PRELOAD],
  ['after the preload and the first counts', `${CLIENT} ${COUNT} ${SET} ${PRINT}`, PRELOAD],
  ['after share(register)', `${CLIENT} ${SHARE} share(client.register); ${SET} ${COUNT} ${PRINT}`, []],
  [
    'after share(register) and the first counts',
    `${CLIENT} ${SHARE} share(client.register); ${COUNT} ${SET} ${PRINT}`,
    [],
  ],
  ['after share() without a registry', `${SHARE} share(); ${CLIENT} ${COUNT} ${SET} ${PRINT}`, []],
  [
    'before a second share()',
    `${CLIENT} ${SHARE} share(); ${COUNT} ${SET} share(new client.Registry()); ${PRINT}`,
    [],
  ],
] as const) {
  test(`if the variable is set ${what}, all counts are shared`, async (t) => {
    const app = installedApplication(t);
    const directory = temporaryDirectory(t);
    for (let times = 1; times <= 2; times++) {
      const { result, stderr } = await app.run<string>(lateIn(directory) + program, { args });
      assert.equal(sample(result, 'x_total'), times * 3, result);
      assert.equal(stderr, '');
    }
    assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  });
}

test('takeSlot() shares the registries that wait for the variable, and takes the slot', async (t) => {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  const program = `${CLIENT} ${SHARE} share(client.register); ${COUNT} const before = takeSlot(); ${SET}
    console.log(JSON.stringify([before === undefined, takeSlot()]));`;
  const { result } = await app.run(lateIn(directory) + program);
  assert.deepEqual(result, [true, 0]);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  assert.equal(sample(reader.metrics(), 'x_total'), 3);
});

test('an idle application shares within seconds after the variable is set', async (t) => {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  const file = join(app.path, 'quiet.cjs');
  writeFileSync(
    file,
    `${lateIn(directory)} ${CLIENT} ${SHARE} share(client.register); ${COUNT} setTimeout(() => { ${SET} process.send('set'); }, 200); setInterval(() => {}, 1000);`,
  );
  const { PROMETHEUS_MULTIPROC_DIR: _, ...env } = process.env;
  const child = fork(file, { env });
  t.after(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  const reader = new Reader(directory);
  t.after(() => reader.close());
  await until('the counts of the process', () => sample(reader.metrics(), 'x_total') === 3);
});

test('while the variable is unset, a registry returns the same as before and has no new visible property, and the process can exit', async (t) => {
  const app = installedApplication(t);
  const program = `${CLIENT} ${SHARE} share(client.register); ${COUNT}
    Promise.all([client.register.metrics(), client.register.getMetricsAsJSON(), client.register.getMetricsAsString(x)])
      .then((all) => console.log(JSON.stringify([...all, Object.keys(client.register)])));`;
  for (const args of [[], PRELOAD]) {
    const { result, stderr } = await app.run<[string, { name: string }[], string, string[]]>(program, {
      args,
    });
    const [text, [json], one, keys] = result;
    assert.deepEqual([sample(text, 'x_total'), json!.name, sample(one, 'x_total')], [3, 'x_total', 3]);
    assert.doesNotMatch(text, /prom_multiproc/);
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('_')),
      [],
    );
    assert.equal(stderr, '');
  }
});

test('a method that the application wrapped while the variable was unset keeps working and is shared', async (t) => {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  const program = `${CLIENT} ${SHARE} share(client.register); ${COUNT}
    const { registerMetric } = client.register; let calls = 0;
    client.register.registerMetric = (metric) => { calls++; registerMetric.call(client.register, metric); };
    ${SET}
    new client.Counter({ name: 'y_total', help: 'h' }).inc(); new client.Counter({ name: 'z_total', help: 'h' }).inc();
    client.register.metrics().then((text) => console.log(JSON.stringify([text, calls])));`;
  const { result } = await app.run<[string, number]>(lateIn(directory) + program);
  const [text, calls] = result;
  for (const [name, value] of [
    ['x_total', 3],
    ['y_total', 1],
    ['z_total', 1],
    ['prom_multiproc_workers', 1],
  ] as const)
    assert.equal(sample(text, name), value, name);
  assert.ok(calls >= 2);
});
