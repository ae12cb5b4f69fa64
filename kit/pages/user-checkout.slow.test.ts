/** Tests the checkout of a user of the template who has replaced the demonstration with the Koa program of make-it-yours.md. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { ports, runApp } from '../../packages/cluster-runtime/test/support/run-app.ts';
import {
  type Cleanup,
  temporaryDirectory,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { createUpstream } from '../test-kit/upstream.ts';

/** The files that the page tells the user of the template to replace. */
const REPLACED = ['app.ts', 'app.test.ts', 'routes.ts', 'metrics.ts'];
const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/guides/make-it-yours.md'), 'utf8');
const program = (name: string) =>
  new RegExp(`^\`\`\`ts\\n// ${name}: [^\\n]*\\n(.*?)^\`\`\`$`, 'ms').exec(PAGE)![1]!;

let checkout: string;

before((t) => {
  checkout = join(temporaryDirectory(t as Cleanup), 'checkout');
  createUpstream(checkout);
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  // .gitignore matches the directory, not a symlink.
  appendFileSync(join(checkout, '.git/info/exclude'), '/node_modules\n');
  const app = join(checkout, 'demo-app/src');
  for (const name of REPLACED) rmSync(join(app, name));
  writeFileSync(join(app, 'app.ts'), program('koa'));
  writeFileSync(join(app, 'metrics.ts'), program('metrics'));
  // As the `npm install` of the page would.
  const manifest = join(checkout, 'demo-app/package.json');
  const json = JSON.parse(readFileSync(manifest, 'utf8'));
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const name of ['koa', '@koa/router']) json.dependencies[name] = devDependencies[name];
  writeFileSync(manifest, `${JSON.stringify(json, undefined, 2)}\n`);
});

function passes(...args: string[]): void {
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: checkout,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
}

test('the page’s application passes Biome', () => {
  passes('node_modules/.bin/biome', 'ci', 'demo-app/src');
});

test('the user’s checkout passes the checks of types and syntax', () => {
  passes('node_modules/.bin/tsc');
  passes('packages/cluster-runtime/src/core/check-syntax.ts', 'demo-app/src');
});

test('tests of the template that depend on the application pass', () => {
  passes(
    '--test',
    'scripts/rename-template.test.ts',
    'packages/cluster-runtime/src/http/request-log.test.ts',
    'packages/cluster-runtime/src/core/check-syntax.test.ts',
    'demo-app/src/demo/page-counts.slow.test.ts',
  );
});

test('after the demonstration is removed, the checkout passes the checks and the application runs', async (t) => {
  const main = join(checkout, 'demo-app/src/main.ts');
  rmSync(join(checkout, 'demo-app/src/demo'), { recursive: true });
  const lines = readFileSync(main, 'utf8').split('\n');
  const kept = lines.filter((line) => !line.includes('delete demo/ and this line'));
  assert.equal(kept.length, lines.length - 1);
  writeFileSync(main, kept.join('\n'));
  passes('node_modules/.bin/biome', 'ci', 'demo-app/src');
  passes('node_modules/.bin/tsc');
  passes('packages/cluster-runtime/src/core/check-syntax.ts', 'demo-app/src');
  const { app: url } = await ports(runApp(t, main, { WORKERS: '1' }));
  assert.equal(await (await fetch(`${url}/hello/Ada`)).text(), 'Hello Ada\n');
  assert.equal((await fetch(`${url}/demo/counts`)).status, 404);
});
