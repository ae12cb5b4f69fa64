import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ports, runApp } from '../../packages/cluster-runtime/test/support/run-app.ts';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { build } from './build.ts';
import { CompileError } from './compile.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Copies what the build reads of this checkout. */
function checkout(t: TestContext): string {
  const root = temporaryDirectory(t);
  for (const path of [
    'package.json',
    'demo-app',
    'packages',
    'supervisor',
    'scripts/clear-metrics-dir',
    'scripts/clear-metrics-dir.ts',
  ]) {
    cpSync(join(ROOT, path), join(root, path), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

test('the built application answers without running any TypeScript, and a logged stack has the lines and columns of the sources', async (t) => {
  const root = checkout(t);
  const routes = join(root, 'demo-app/src/routes.ts');
  const broken = "app.get('/broken', (): never => { throw new Error('broken'); });";
  const source = readFileSync(routes, 'utf8').replace("  app.get('/ping'", `  ${broken}\n  app.get('/ping'`);
  writeFileSync(routes, source);
  build(root, join(root, 'dist'));

  const directory = join(temporaryDirectory(t), 'metrics');
  const env = { NODE_OPTIONS: '--no-strip-types', PROMETHEUS_MULTIPROC_DIR: directory };
  const app = runApp(t, join(root, 'dist/demo-app/src/main.js'), env);
  const urls = await ports(app);
  assert.equal(await (await fetch(`${urls.app}/ping`)).text(), 'Pong');
  assert.equal((await fetch(`${urls.app}/broken`)).status, 500);
  const { stack } = await app.line('error in a request');
  const lines = source.split('\n');
  const line = lines.findIndex((one) => one.includes(broken));
  const place = `dist/demo-app/src/routes.js:${line + 1}:${lines[line]!.indexOf('new Error') + 1}`;
  assert.ok(String(stack).includes(place), `${place} in ${stack}`);
  assert.match(await (await fetch(`${urls.metrics}/metrics`)).text(), /^ping_responses_total.* 1$/m);
});

test('a build contains the commands of the application, without its tests', (t) => {
  const root = checkout(t);
  const target = join(root, 'dist');
  build(root, target);
  const files = globSync('**/*', { cwd: target });
  assert.deepEqual(
    files.filter((file) => /\.ts$|\btest(ing)?\b/.test(file)),
    [],
  );
  const commands = [
    'scripts/clear-metrics-dir',
    'supervisor/end-on-fatal',
    'supervisor/run-app',
    'supervisor/run-supervisord',
  ];
  assert.deepEqual(
    files
      .filter(
        (file) => (statSync(join(target, file)).mode & 0o111) !== 0 && statSync(join(target, file)).isFile(),
      )
      .sort(),
    commands,
  );
  const metrics = join(temporaryDirectory(t), 'metrics');
  assert.equal(
    execFileSync(join(target, 'scripts/clear-metrics-dir'), [metrics], { encoding: 'utf8' }),
    `${metrics}: created\n`,
  );
  const { bin } = JSON.parse(readFileSync(join(target, 'packages/prom-multiproc/package.json'), 'utf8'));
  const cli = join(target, 'packages/prom-multiproc', bin['prom-multiproc']);
  assert.equal(spawnSync(process.execPath, [cli, 'dump', metrics]).status, 0);
});

test('a build contains other files of the application as they are, and CRLF only in them', (t) => {
  const root = checkout(t);
  const bytes = Buffer.from([0, 0xff, 13, 10]);
  writeFileSync(join(root, 'demo-app/src/data.bin'), bytes);
  mkdirSync(join(root, 'demo-app/src/.well-known'));
  writeFileSync(join(root, 'demo-app/src/.well-known/page.html'), 'a\r\n');
  const script = join(root, 'supervisor/run-app');
  writeFileSync(script, readFileSync(script, 'utf8').replaceAll('\n', '\r\n'));
  build(root, join(root, 'dist'));
  assert.deepEqual(readFileSync(join(root, 'dist/demo-app/src/data.bin')), bytes);
  assert.equal(readFileSync(join(root, 'dist/demo-app/src/.well-known/page.html'), 'utf8'), 'a\r\n');
  assert.ok(!readFileSync(join(root, 'dist/supervisor/run-app'), 'utf8').includes('\r'));
});

test('a second build removes the files of removed sources, and keeps everything else', (t) => {
  const root = checkout(t);
  const target = join(root, 'dist');
  writeFileSync(join(root, 'demo-app/src/old.ts'), '');
  build(root, target);
  const before = globSync('**/*', { cwd: target }).sort();
  rmSync(join(root, 'demo-app/src/old.ts'));
  build(root, target);
  assert.deepEqual(
    globSync('**/*', { cwd: target }).sort(),
    before.filter((file) => file !== 'demo-app/src/old.js'),
  );
});

test('a build that refuses a source changes nothing', (t) => {
  const root = checkout(t);
  const target = join(root, 'dist');
  for (const [name, text, expected] of [
    ['enum.ts', 'enum E { A }', /^demo-app\/src\/enum\.ts:1: /],
    ['main.js', '', /^demo-app\/src\/main\.\w+:1: demo-app\/src\/main\.js exists too/],
  ] as const) {
    writeFileSync(join(root, 'demo-app/src', name), text);
    assert.throws(
      () => build(root, target),
      (error) => error instanceof CompileError && expected.test(error.message),
    );
    assert.ok(!existsSync(target));
    rmSync(join(root, 'demo-app/src', name));
  }
});
