/** The package works with each tool of docs/guides/install.md, or the error says what to do. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { sample } from '../test/support/sample.ts';
import { type Packed, pack } from './testing-package.ts';
import {
  assertCounted,
  emptyProject,
  installTools,
  moveAway,
  outcome,
  snippets,
  succeed,
} from './testing-tools.ts';

let packed: Packed;
let tools: string;

before(() => {
  packed = pack();
  tools = installTools(packed, 'others');
});

for (const [major, exit, bin] of [
  [10, 0, 'pnpm.cjs'],
  [11, 1, 'pnpm.mjs'],
  [12, 1, 'pnpm.mjs'],
] as const) {
  test(`pnpm ${major} installs the package, without a warning if pnpm-workspace.yaml is as in install.md, and @vercel/nft can trace it`, async () => {
    const project = emptyProject(`pnpm-${major}`, packed);
    const install = [join(tools, `node_modules/pnpm${major}/bin`, bin), 'install'];
    const without = await outcome(install, project);
    assert.equal(without.code, exit, without.stdout + without.stderr);
    assert.match(without.stdout + without.stderr, /Ignored build scripts: koffi/);
    assertCounted(await outcome(['two-workers.mjs'], project));
    rmSync(join(project, 'node_modules'), { recursive: true });

    const [pnpm10, pnpm11] = snippets('pnpm', 'yaml');
    writeFileSync(join(project, 'pnpm-workspace.yaml'), (major === 10 ? pnpm10 : pnpm11)!);
    const { stdout, stderr } = await succeed(install, project);
    assert.doesNotMatch(stdout + stderr, /Ignored build scripts/);
    assertCounted(await outcome(['two-workers.mjs'], project));

    // @vercel/nft is installed in another project and finds its own imports there.
    symlinkSync(join(tools, 'node_modules/@vercel'), join(project, 'node_modules/@vercel'));
    await succeed(['build.mjs', 'nft'], project);
    assertCounted(await outcome(['app.mjs'], moveAway(join(project, 'dist'))));
  });
}

test("Yarn with Plug'n'Play runs an application with and without the preload", async () => {
  const project = emptyProject('yarn', packed);
  writeFileSync(join(project, 'yarn.lock'), '');
  writeFileSync(
    join(project, 'unaware.cjs'),
    readFileSync(join(import.meta.dirname, 'consumers/unaware.cjs')),
  );
  const yarn = join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js');
  await succeed([yarn, 'install'], project);
  assertCounted(await outcome([yarn, 'node', 'two-workers.mjs'], project));
  for (const how of ['--import', '--require']) {
    const done = await outcome([yarn, 'node', how, 'prom-multiproc/register', 'unaware.cjs'], project);
    assertCounted(done, 'plain_total', 1);
    assert.equal(sample(done.stdout, 'prom_multiproc_slots'), 1);
  }
});

test('after jest resets modules, counts stay in the slot of the process', async () => {
  const jest = [
    join(tools, 'node_modules/jest/bin/jest.js'),
    '--runInBand',
    '--testMatch',
    '**/jest.test.cjs',
  ];
  const { stdout, stderr } = await succeed([...jest, '--rootDir', 'reset'], tools);
  const output = (stdout + stderr).replaceAll(/^ +/gm, '');
  for (const name of ['second_total', 'prom_multiproc_slots']) assert.equal(sample(output, name), 1, output);
});

test('after vitest resets modules, counts stay in the slot of the process', async () => {
  const vitest = [join(tools, 'node_modules/vitest/vitest.mjs'), 'run', 'reset/vitest.test.mjs'];
  const { stdout } = await succeed(vitest, tools, { NO_COLOR: '1' });
  for (const name of ['second_total', 'prom_multiproc_slots']) assert.equal(sample(stdout, name), 1, stdout);
});

for (const [tool, file, option, title = tool] of [
  ['esbuild cjs cjs', 'app.cjs', /--external:prom-multiproc/, 'esbuild, CommonJS'],
  ['esbuild esm mjs', 'app.mjs', /--external:prom-multiproc/, 'esbuild, ES module'],
  ['rollup cjs cjs', 'app.cjs', /external: \[\/\^prom-multiproc\/\]/, 'rollup, CommonJS'],
  ['rollup es mjs', 'app.mjs', /external: \[\/\^prom-multiproc\/\]/, 'rollup, ES module'],
  ['webpack', 'app.cjs', /\(externals: \{ 'prom-multiproc': 'commonjs prom-multiproc' \}\)/],
  ['ncc', 'app.mjs', /\(--external prom-multiproc\)/],
] as const) {
  test(`a bundle of ${title} counts if node_modules is beside it; without node_modules the error names the option to set`, async () => {
    for (const external of ['external', 'no']) {
      await succeed(['build.mjs', tool, external], tools);
      assertCounted(await outcome([`dist/${file}`], tools));
    }
    const { code, stderr } = await outcome([file], moveAway(join(tools, 'dist')));
    assert.equal(code, 1);
    assert.match(stderr, /koffi is not in the bundle \(/);
    assert.match(stderr, option);
    rmSync(join(tools, 'dist'), { recursive: true });
  });
}

test('with PROM_MULTIPROC_FFI=node a bundle counts without node_modules, and so without koffi', async () => {
  await succeed(['build.mjs', 'esbuild esm mjs'], tools);
  assertCounted(await outcome(['app.mjs'], moveAway(join(tools, 'dist')), { PROM_MULTIPROC_FFI: 'node' }));
  rmSync(join(tools, 'dist'), { recursive: true });
});

test('the files that @vercel/nft traces are complete', async () => {
  await succeed(['build.mjs', 'nft'], tools);
  assertCounted(await outcome(['app.mjs'], moveAway(join(tools, 'dist'))));
  rmSync(join(tools, 'dist'), { recursive: true });
});

describe('the message names the cause', () => {
  for (const [what, flags] of [
    ['--no-addons', ['--no-addons']],
    ['--permission', ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process']],
  ] as const) {
    test(`if ${what} forbids add-ons`, async () => {
      const { code, stderr } = await outcome([...flags, 'two-workers.mjs'], tools);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /koffi is not allowed to load \(.*\): Node runs with --no-addons, or with --permission but/,
      );
    });
  }

  test('if koffi or its binary is not installed', async () => {
    const project = emptyProject('without', packed);
    await succeed(
      [join(tools, 'node_modules/pnpm10/bin/pnpm.cjs'), 'install', '--config.node-linker=hoisted'],
      project,
    );
    rmSync(join(project, 'node_modules/@koromix'), { recursive: true });
    const binary = await outcome(['two-workers.mjs'], project);
    assert.match(binary.stderr, /koffi cannot be loaded \(.*\): its binary for linux-\w+ is missing/);
    rmSync(join(project, 'node_modules/koffi'), { recursive: true });
    const koffi = await outcome(['two-workers.mjs'], project);
    assert.match(koffi.stderr, /koffi is not installed \(Cannot find module 'koffi'\): .*--omit=optional/);
  });
});
