/** On unsupported platforms an application runs as with plain prom-client, and the library warns once. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { AppProcess } from '../../test/support/application.ts';
import { fetchFromCluster } from '../../test/support/fetch-from-cluster.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

const preload = (name: string) =>
  `--import=${pathToFileURL(join(import.meta.dirname, '../../test/support', name))}`;

function platform(name: string): Record<string, string> {
  return { NODE_OPTIONS: preload('as-platform.ts'), AS_PLATFORM: name };
}

const WITHOUT_KOFFI = { NODE_OPTIONS: preload('without-koffi.ts'), PROM_MULTIPROC_FFI: '' };

const UNSUPPORTED: [what: string, env: Record<string, string>, why: RegExp][] = [
  ['koffi', WITHOUT_KOFFI, /koffi cannot be loaded \(Cannot find the native/],
  [
    'macOS',
    platform('darwin arm64'),
    /needs Linux on x64, arm64, riscv64 or loong64; this is darwin on arm64/,
  ],
  ['Windows', platform('win32 x64'), /needs Linux on .*; this is win32 on x64/],
  ['32-bit Linux', platform('linux arm'), /needs Linux on .*; this is linux on arm/],
];

for (const [what, env, why] of UNSUPPORTED) {
  const where = what === 'koffi' ? 'without koffi' : `on ${what}`;

  test(`${where} a single process is plain prom-client and warns once`, async (t) => {
    const directory = temporaryDirectory(t);
    const app = await AppProcess.start(t, directory, env);
    for (let i = 0; i < 3; i++) {
      await app.call('requests', 'inc', { route: '/' });
      await app.call('seconds', 'observe', { route: '/' }, 1);
      await app.call('inFlight', 'set', 7);
      await app.call('sizes', 'observe', { route: '/' }, 5);
    }
    const text = await app.metrics();
    assert.equal(sample(text, 'requests_total{route="/"}'), 3);
    assert.equal(sample(text, 'seconds_bucket{le="1",route="/"}'), 3);
    assert.equal(sample(text, 'in_flight'), 7);
    assert.equal(sample(text, 'sizes{quantile="0.5",route="/"}'), 5);
    assert.doesNotMatch(text, /prom_multiproc/);
    await assert.rejects(app.takeSlot(), why);
    const warnings = await app.warnings();
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0]!, why);
    const failures = await app.changes();
    assert.equal(failures.length, 1, 'onFailure is called once');
    assert.match(failures[0]!, why);
    assert.deepEqual(readdirSync(directory), []);
  });

  test(`${where} the processes of a cluster answer 503 instead of showing their own counts`, async (t) => {
    for (const { status, text } of Object.values(await fetchFromCluster(t, temporaryDirectory(t), env))) {
      assert.equal(status, 503);
      assert.match(text, why);
      assert.doesNotMatch(text, /requests_total/);
    }
  });

  test(`${where} prom-client's own cluster aggregation keeps working`, (t) => {
    const args = ['--import', join(import.meta.dirname, '../register.ts'), 'unaware-cluster.cjs'];
    const [text] = JSON.parse(
      execFileSync(process.execPath, args, {
        cwd: join(import.meta.dirname, '../../test/support'),
        encoding: 'utf8',
        env: { ...process.env, ...env, PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
      }),
    );
    assert.equal(sample(text, 'requests_total'), 6);
  });
}

function clear(directory: string, env: Record<string, string>) {
  const code = `import('${pathToFileURL(join(import.meta.dirname, '../clear-directory.ts'))}')
    .then(({ clearDirectory }) => clearDirectory(process.argv[1], { waitMs: 0 }))`;
  return spawnSync(process.execPath, ['-e', code, directory], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test('without koffi an empty directory can be cleared', (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  const { status, stderr } = clear(directory, WITHOUT_KOFFI);
  assert.equal(status, 0, stderr);
  assert.ok(existsSync(directory));
});

test('on other platforms root cannot clear a directory, but its owner can', (t) => {
  const isRoot = process.getuid!() === 0;
  const directory = join(temporaryDirectory(t), 'metrics');
  const { status, stderr } = clear(directory, platform('darwin arm64'));
  assert.equal(status, isRoot ? 1 : 0, stderr);
  assert.equal(existsSync(directory), !isRoot);
  if (isRoot)
    assert.match(
      stderr,
      /root can clear a directory on Linux only; run the command as the application's user/,
    );
});
