/** With an unsupported client an application runs as without the library. One warning says what to install. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import client from 'prom-client';
import { fetchFromCluster } from '../../test/support/fetch-from-cluster.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { share } from '../index.ts';
import { TO_INSTALL } from './supported-client.ts';

const IN_PLACE = `--import=${pathToFileURL(join(import.meta.dirname, '../../test/support/prom-client-in-place.ts'))}`;
const UNKNOWN = join(import.meta.dirname, '../../test/support/unknown-client.cjs');

const UNSUPPORTED: [what: string, package_: string, why: string][] = [
  [
    'prom-client 14',
    'prom-client-14-2-0',
    'prom-client 14.2.0 is not supported: its registry has no getMetricsAsString()',
  ],
  [
    'a client with unknown internals (built from 15.1.2)',
    UNKNOWN,
    'prom-client 15.1.2 is not supported: its Counter stores values in an unknown format',
  ],
];

function inPlace(package_: string) {
  return { NODE_OPTIONS: IN_PLACE, PROM_CLIENT_IN_PLACE: package_ };
}

/** Standard output and warnings of an application. */
function run(t: TestContext, package_: string, args: readonly string[]) {
  const directory = temporaryDirectory(t);
  const env = { ...process.env, ...inPlace(package_), PROMETHEUS_MULTIPROC_DIR: directory };
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: join(import.meta.dirname, '../../test/support'),
    encoding: 'utf8',
    env,
  });
  assert.deepEqual(readdirSync(directory), [], 'it takes no slot');
  return { stdout, warnings: stderr.split('\n').filter((line) => line.includes('PromMultiprocWarning')) };
}

for (const [what, package_, why] of UNSUPPORTED) {
  const expected = `[PROM_MULTIPROC_UNSUPPORTED_CLIENT] PromMultiprocWarning: ${why}; ${TO_INSTALL}. Each process`;

  test(`${what}: the preload leaves each registry plain, and one warning says what to install`, (t) => {
    const args = ['--import', join(import.meta.dirname, '../register.ts'), 'unaware-application.cjs'];
    const { stdout, warnings } = run(t, package_, args);
    const [global, own] = JSON.parse(stdout) as [string, string];
    assert.equal(sample(global, 'global_total'), 1);
    assert.equal(sample(own, 'second_total'), 1);
    assert.equal(sample(own, 'both_count'), 1);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.ok(warnings[0]?.includes(expected), warnings.join());
  });

  test(`${what}: share() calls onFailure with the reason, and the registry shows its own counts`, (t) => {
    const code = `
      import client from '${package_ === UNKNOWN ? pathToFileURL(UNKNOWN) : package_}';
      import { share } from '${pathToFileURL(join(import.meta.dirname, '../index.ts'))}';
      const { Counter, register } = client;
      share(register, { onFailure: ({ message }) => console.log(message) });
      share(register);
      new Counter({ name: 'x_total', help: 'x' }).inc();
      console.log(await register.metrics());`;
    const { stdout, warnings } = run(t, package_, ['--input-type=module', '--eval', code]);
    assert.ok(stdout.startsWith(`${why}; ${TO_INSTALL}\n`), stdout);
    assert.equal(sample(stdout, 'x_total'), 1);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.ok(warnings[0]?.includes(expected), warnings.join());
  });

  test(`${what}: the processes of a cluster answer 503 instead of showing their own counts`, async (t) => {
    for (const { status, text } of Object.values(
      await fetchFromCluster(t, temporaryDirectory(t), inPlace(package_)),
    )) {
      assert.equal(status, 503);
      assert.ok(text.includes(`${why}; ${TO_INSTALL}`), text);
      assert.doesNotMatch(text, /requests_total/);
    }
  });
}

test('a metric of an unsupported client in a shared registry shows its own values, with one warning', async (t) => {
  process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory(t);
  const warnings: string[] = [];
  const listen = ({ message, code }: Error & { code?: string }) => {
    if (code === 'PROM_MULTIPROC_UNSUPPORTED_CLIENT') warnings.push(message);
  };
  process.on('warning', listen);
  t.after(() => process.off('warning', listen));
  const register = new client.Registry();
  share(register);
  const values = [{ labels: {}, value: 3 }];
  const odd = {
    name: 'odd_total',
    help: 'x',
    type: 'counter',
    labelNames: [],
    inc: () => {},
    get: async () => ({ name: 'odd_total', help: 'x', type: 'counter', aggregator: 'sum', values }),
  };
  register.registerMetric(odd as never);
  assert.equal(sample(await register.metrics(), 'odd_total'), 3);
  await until('the warning', () => warnings.length > 0);
  assert.deepEqual(warnings, [
    `odd_total stores its values in an unknown format: it is not shared, and each process shows its own values; ${TO_INSTALL}`,
  ]);
});

test('the versions to install are those of the peer dependencies and of the tests', () => {
  const { peerDependencies, devDependencies } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  for (const [name, range] of Object.entries(peerDependencies)) {
    assert.ok(TO_INSTALL.includes(`${name} ${range}`));
    assert.ok(TO_INSTALL.includes(`${name} ${devDependencies[name]}`));
  }
});
