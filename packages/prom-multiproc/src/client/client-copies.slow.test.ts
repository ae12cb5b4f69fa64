/** Several clients, and several copies of one, in one process. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedApplication, PRELOAD } from '../../test/support/installed-application.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

const COUNT = `new own.Counter({ name: 'own_total', help: 'h' }).inc();
new other.Counter({ name: 'other_total', help: 'h' }).inc();
Promise.all([own.register.metrics(), other.register.metrics()]).then((texts) => console.log(JSON.stringify(texts)));`;
const REQUIRE_OWN = "const own = require('prom-client');";
const REQUIRE_OTHER = "const other = require('./other');";
const SHARE = "require('prom-multiproc').share();";
const IMPORT_SHARE = "import { share } from 'prom-multiproc'; share();";
const IMPORTS = "import own from 'prom-client'; import other from './other/index.js';";
for (const [what, file, source, args] of [
  ['the preload (require)', 'main.cjs', REQUIRE_OWN + REQUIRE_OTHER + COUNT, PRELOAD],
  ['the preload (import)', 'main.mjs', IMPORTS + COUNT, PRELOAD],
  ['share(), when they are loaded', 'main.cjs', REQUIRE_OWN + REQUIRE_OTHER + SHARE + COUNT, []],
  ['share(), before either is loaded', 'main.cjs', SHARE + REQUIRE_OWN + REQUIRE_OTHER + COUNT, []],
  ['share(), before one is loaded', 'main.cjs', REQUIRE_OTHER + SHARE + REQUIRE_OWN + COUNT, []],
  ['share(), in an ES module', 'main.mjs', IMPORTS + IMPORT_SHARE + COUNT, []],
  [
    'share(), when both have counted',
    'main.cjs',
    `${REQUIRE_OWN}${REQUIRE_OTHER}${COUNT.replace('Promise', `${SHARE} Promise`)}`,
    [],
  ],
] as const) {
  test(`${what} shares the global registries of two copies of the client, in one slot`, async (t) => {
    const app = installedApplication(t);
    const directory = temporaryDirectory(t);
    for (let times = 1; times <= 2; times++) {
      const { result, stderr } = await app.run<[string, string]>(source, {
        file,
        args,
        env: { PROMETHEUS_MULTIPROC_DIR: directory },
      });
      assert.equal(sample(result[0], 'own_total'), times, result[0]);
      assert.equal(sample(result[1], 'other_total'), times, result[1]);
      assert.doesNotMatch(stderr, /PROM_MULTIPROC/);
    }
    assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  });
}

// A module hook, as compilers register them. The module appears in Node's module cache later.
const HOOK = `import { readFileSync } from 'node:fs'; import { fileURLToPath } from 'node:url';
export async function load(url, context, next) {
  const result = await next(url, context);
  return result.format === 'commonjs' ? { ...result, source: readFileSync(fileURLToPath(url)) } : result;
}`;
const HOOKED = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(HOOK))});`;

test('the preload shares a copy that was loaded through a module hook', async (t) => {
  const app = installedApplication(t);
  const { result } = await app.run<string>(
    `import other from './other/index.js'; new other.Counter({ name: 'other_total', help: 'h' }).inc();
    const ask = async () => {
      const text = await other.register.metrics();
      if (text.includes('prom_multiproc_workers 1')) console.log(JSON.stringify(text));
      else setTimeout(ask, 10);
    };
    ask();`,
    {
      file: 'main.mjs',
      args: [...PRELOAD, `--import=data:text/javascript,${encodeURIComponent(HOOKED)}`],
      env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
    },
  );
  assert.equal(sample(result, 'other_total'), 1);
});

test("the preload shares every registry of a copy, and the copy's own aggregation returns the totals once", async (t) => {
  const app = installedApplication(t);
  const source = `const cluster = require('node:cluster'); ${REQUIRE_OTHER}
    if (cluster.isPrimary) {
      const all = new other.AggregatorRegistry();
      for (let i = 0; i < 2; i++) cluster.fork();
      let counted = 0;
      cluster.on('message', async (_, message) => {
        if (message !== 'counted' || ++counted < 2) return;
        console.log(JSON.stringify(await all.clusterMetrics()));
        process.exit();
      });
    } else {
      const own = new other.Registry();
      new other.AggregatorRegistry();
      other.AggregatorRegistry.setRegistries([own, other.register]);
      new other.Counter({ name: 'x_total', help: 'h', registers: [own] }).inc(5);
      setImmediate(() => process.send('counted'));
    }`;
  const { result } = await app.run<string>(source, {
    args: PRELOAD,
    env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
  });
  assert.equal(sample(result, 'x_total'), 10, result);
});

test("`--import prom-multiproc/register` in a working directory with another installation shares the application's copy of the client", async (t) => {
  const app = installedApplication(t);
  const directory = temporaryDirectory(t);
  for (let times = 1; times <= 2; times++) {
    // Node resolves the library from the working directory, where another client is installed.
    const { result, stderr } = await app.run<[string, string]>(
      `const own = require('prom-client'); const other = own; ${COUNT}`,
      {
        file: 'other/main.cjs',
        args: ['--import', 'prom-multiproc/register'],
        cwd: import.meta.dirname,
        env: { PROMETHEUS_MULTIPROC_DIR: directory },
      },
    );
    assert.equal(sample(result[0], 'own_total'), times);
    assert.equal(stderr, '');
  }
});

test('`--import prom-multiproc/register` in a working directory without an installation: Node exits with an error', async (t) => {
  const app = installedApplication(t);
  const run = app.run('', { args: ['--import', 'prom-multiproc/register'], cwd: temporaryDirectory(t) });
  await assert.rejects(run, /Cannot find package 'prom-multiproc'/);
  const { stderr } = await app.run('', {
    env: { NODE_OPTIONS: `--import=file://${join(import.meta.dirname, '../register.ts')}` },
    cwd: temporaryDirectory(t),
  });
  assert.equal(stderr, '', 'a file:// URL works from any directory');
});

test('a registry is counted once if two installations of this library share it', async (t) => {
  const app = installedApplication(t);
  cpSync(join(import.meta.dirname, '..'), join(app.path, 'library/src'), { recursive: true });
  cpSync(join(import.meta.dirname, '../../package.json'), join(app.path, 'library/package.json'));
  const koffi = join(import.meta.dirname, '../../../../node_modules/koffi');
  symlinkSync(koffi, join(app.path, 'node_modules/koffi'));
  const directory = temporaryDirectory(t);
  for (let times = 1; times <= 2; times++) {
    const { result } = await app.run<string>(
      `const { Counter, register } = require('prom-client');
       const x = new Counter({ name: 'x_total', help: 'h' }); x.inc();
       require('./library/src/index.ts').share(register);
       register.metrics().then((text) => console.log(JSON.stringify(text)));`,
      { args: PRELOAD, env: { PROMETHEUS_MULTIPROC_DIR: directory } },
    );
    assert.equal(sample(result, 'x_total'), times);
    assert.equal(result.match(/^x_total /gm)?.length, 1);
  }
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
});
