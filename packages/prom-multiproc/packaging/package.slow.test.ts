/** The packed package is complete, contains nothing else, and works after installation. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import * as source from '../src/index.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { sample } from '../test/support/sample.ts';
import {
  CLIENTS,
  type Client,
  installInto,
  newDirectory,
  nodeOf,
  output,
  type Packed,
  pack,
  packAgain,
  workDirectory,
} from './testing-package.ts';

const PACKAGE = join(import.meta.dirname, '..');
const BIN = join(PACKAGE, '../../node_modules/.bin');
const OLDEST = '24';
const NEWEST = readFileSync(join(PACKAGE, '../../.nvmrc'), 'utf8').trim();

let packed: Packed;
const projects = {
  'prom-client': join(workDirectory(), 'project'),
  '@prometheus-io/client': join(workDirectory(), 'other-project'),
} satisfies Record<Client, string>;
const project = projects['prom-client'];

before(() => {
  packed = pack();
  for (const client of CLIENTS) installInto(projects[client], packed.tarball, client);
});

function installed(...path: string[]): string {
  return join(project, 'node_modules/prom-multiproc', ...path);
}

const slotDirectory = (): string => newDirectory('slots-');

test('the package contains compiled code, types, source maps, pages and examples, and nothing else', (t) => {
  const names = execFileSync('tar', ['tzf', packed.tarball], { encoding: 'utf8' }).trim().split('\n');
  const files = new Set(names.map((name) => name.replace(/^package\//, '')));
  const expected =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|FORMAT\.md|REFERENCE\.md|examples\/(cluster\.js|read_slots\.py|slot-0\.hexdump)|dist\/(package\.json|([a-z]+\/)?[a-z-]+\.(js|cjs|mjs|d\.ts|d\.cts|d\.mts|js\.map|cjs\.map)))$/;
  for (const file of files) assert.match(file, expected);
  for (const name of ['README.md', 'REFERENCE.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'FORMAT.md']) {
    assert.ok(files.has(name), `the package does not contain ${name}`);
    assert.ok(statSync(installed(name)).size > 400, `${name} is nearly empty`);
  }
  for (const file of files) {
    assert.doesNotMatch(file, /test/);
    if (!/^dist\/.*\.c?js$/.test(file)) continue;
    assert.ok(files.has(`${file}.map`), `${file} has no source map`);
    const map = JSON.parse(readFileSync(installed(`${file}.map`), 'utf8'));
    assert.equal(
      map.sourcesContent.length,
      map.sources.length,
      `the source map of ${file} does not contain its sources`,
    );
  }
  t.diagnostic(`${files.size} files, ${Math.round(statSync(packed.tarball).size / 1000)} kB packed`);
});

test("packing leaves the repository's package.json and licence unchanged", () => {
  const [before, after] = [PACKAGE, packed.source].map((path) =>
    readFileSync(join(path, 'package.json'), 'utf8'),
  );
  assert.equal(after, before);
  assert.ok(!existsSync(join(packed.source, '.package.json.packing')));
  const [own, whole] = [PACKAGE, join(PACKAGE, '../..')].map((path) =>
    readFileSync(join(path, 'LICENSE'), 'utf8'),
  );
  assert.equal(own, whole);
});

test('npm packs again after an interrupted pack', () => {
  const manifest = join(packed.source, 'package.json');
  const before = readFileSync(manifest, 'utf8');
  execFileSync(process.execPath, [join(packed.source, 'packaging/prepack.ts')]);
  assert.notEqual(readFileSync(manifest, 'utf8'), before, 'prepack has not replaced package.json');
  const { tarball } = packAgain(packed);
  assert.equal(readFileSync(manifest, 'utf8'), before);
  const list = (path: string) => execFileSync('tar', ['tzf', path], { encoding: 'utf8' });
  assert.equal(list(tarball), list(packed.tarball));
});

test('the published package.json has the same entry points and commands as the package.json in the repository', () => {
  const published = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  const { exports, bin } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(published.exports), [...Object.keys(exports), './package.json']);
  assert.deepEqual(Object.keys(published.bin), Object.keys(bin));
  for (const field of ['devDependencies', 'publishConfig']) assert.equal(published[field], undefined);
});

test('publint reports no problem', () => {
  const report = execFileSync(join(BIN, 'publint'), ['--strict', packed.tarball], { encoding: 'utf8' });
  assert.match(report, /All good!/);
});

test('types resolve in every way that Node and bundlers use', () => {
  const args = [packed.tarball, '--profile', 'node16', '--format', 'json'];
  const { problems, analysis } = JSON.parse(execFileSync(join(BIN, 'attw'), args, { encoding: 'utf8' }));
  const found = Object.values<{ resolutionKind?: string }[]>(problems ?? {}).flat();
  assert.deepEqual(
    found.filter(({ resolutionKind }) => resolutionKind !== 'node10'),
    [],
  );
  assert.deepEqual(Object.keys(analysis.entrypoints).slice(0, 3), ['.', './register', './clear-directory']);
});

test('the package depends on koffi and its binaries in one version, because pnpm and Yarn hide indirect dependencies', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  assert.deepEqual(Object.keys(optionalDependencies), [
    ...['arm64', 'loong64', 'riscv64', 'x64'].map((arch) => `@koromix/koffi-linux-${arch}`),
    'koffi',
  ]);
  assert.equal(new Set(Object.values(optionalDependencies)).size, 1);
});

test('the package installs no client', () => {
  for (const client of CLIENTS) {
    const there = CLIENTS.filter((name) => existsSync(join(projects[client], 'node_modules', name)));
    assert.deepEqual(there, [client]);
  }
});

for (const [module, moduleResolution, extensions] of [
  ['node16', 'node16', ['mts', 'cts']],
  ['nodenext', 'nodenext', ['mts', 'cts']],
  ['esnext', 'bundler', ['ts']],
] as const) {
  for (const client of CLIENTS) {
    const what = extensions.map((extension) => `.${extension}`).join(' and ');
    test(`a TypeScript project with ${client} compiles against it: moduleResolution ${moduleResolution}, ${what}`, () => {
      const cwd = projects[client];
      const files = extensions.map((extension) => join(cwd, `typed-${module}.${extension}`));
      for (const file of files) writeFileSync(file, readFileSync(join(cwd, 'typed.ts')));
      const options = ['--noEmit', '--strict', '--target', 'es2024', '--types', 'node', '--ignoreConfig'];
      const args = [...options, '--module', module, '--moduleResolution', moduleResolution, ...files];
      execFileSync(join(BIN, 'tsc'), args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    });
  }
}

for (const [major, client] of [OLDEST, NEWEST].flatMap((major) =>
  CLIENTS.map((client) => [major, client] as const),
)) {
  describe(`with Node ${major} and ${client}`, () => {
    const cwd = projects[client];
    let node: string;

    before(() => {
      node = nodeOf(major);
    });

    async function app(...args: string[]): Promise<string> {
      const directory = args.shift()!;
      const { stdout, stderr } = await output(node, [node, ...args], cwd, {
        PROMETHEUS_MULTIPROC_DIR: directory,
      });
      assert.equal(stderr, '', 'the application printed a warning or an error');
      return stdout;
    }

    test('require() and import return the same objects and count in one slot', async () => {
      const printed = JSON.parse(await app(slotDirectory(), 'both-ways.cjs'));
      const names = Object.keys(source).sort();
      assert.deepEqual(printed.names, { required: names, imported: names });
      assert.equal(printed.same, true);
      assert.equal(printed.slots, 1);
      assert.equal(sample(printed.one, 'required_total'), 2);
      assert.equal(sample(printed.other, 'imported_total'), 3);
      for (const text of [printed.one, printed.other]) assert.equal(sample(text, 'prom_multiproc_slots'), 1);
    });

    test('a cluster loses no count when a worker is killed, and `check` can read its slots', async () => {
      const directory = slotDirectory();
      const text = await app(directory, 'cluster.mjs');
      assert.equal(sample(text, 'requests_total{status="200"}'), 3000);
      assert.equal(sample(text, 'seconds_bucket{le="2"}'), 3000);
      assert.equal(sample(text, 'seconds_sum'), 4500);
      const { stdout } = await output(node, ['npx', '--no', 'prom-multiproc', 'check', directory], cwd);
      assert.match(stdout, /^slot 0: 2 series, .*\nslot 1: 2 series, .*\n$/);
    });

    test('the preload shares the metrics of an unchanged application', async () => {
      const directory = slotDirectory();
      for (const [times, how] of ['--import', '--require', '--import'].entries()) {
        const text = await app(directory, how, 'prom-multiproc/register', 'unaware.cjs');
        assert.equal(sample(text, 'plain_total'), times + 1);
        assert.equal(sample(text, 'prom_multiproc_slots'), 1);
      }
    });

    test('two copies of the library in one process count once, in one slot', async () => {
      const printed = JSON.parse(await app(slotDirectory(), 'copies.cjs'));
      assert.equal(printed.copies, true);
      assert.deepEqual(printed.slots, [0, 0]);
      for (const text of [printed.text, printed.merged]) {
        assert.equal(sample(text, 'early_total'), 2);
        assert.equal(sample(text, 'late_total'), 3);
        assert.equal(sample(text, 'prom_multiproc_slots'), 1);
      }
      assert.equal(sample(printed.merged, 'own_total'), 4);
    });

    test('an error names the source line', async () => {
      const code = "import('prom-multiproc').then(({ Reader }) => new Reader('/nonexistent').metrics())";
      await assert.rejects(output(node, [node, '--enable-source-maps', '-e', code], cwd), {
        message: /prom-multiproc\/src\/reader\.ts:\d+/,
      });
    });
  });
}

test('the commands of the README print what it shows', async () => {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  const [, block] = /```console\n(\$ PROMETHEUS_MULTIPROC_DIR=\S+ node node_modules\/[^`]+)\n```/.exec(
    readme,
  )!;
  const lines = block!.split('\n');
  const [PORT, METRICS_PORT] = await freePorts();
  const [start, ...commands] = lines
    .filter((line) => line.startsWith('$ '))
    .map((line) =>
      line
        .slice(2)
        .replace('/tmp/my-app', slotDirectory())
        .replace('8041', PORT)
        .replace('9041', METRICS_PORT),
    );
  const script = [
    start,
    "trap 'kill $!' EXIT",
    `for port in ${PORT} ${METRICS_PORT}; do until (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.1; done; done`,
    ...commands,
  ].join('\n');
  const { stdout } = await output(process.execPath, ['bash', '-c', script], project, { PORT, METRICS_PORT });
  assert.equal(stdout, `${lines.filter((line) => !line.startsWith('$ ')).join('\n')}\n`);
});

describe('installed with --omit=optional', () => {
  const without = join(workDirectory(), 'omit-optional');

  before(() => installInto(without, packed.tarball, 'prom-client', '--omit=optional'));

  test('an application runs with plain prom-client and warns once', async () => {
    const command = [process.execPath, '--import', 'prom-multiproc/register', 'unaware.cjs'] as const;
    const { stdout, stderr } = await output(process.execPath, command, without, {
      PROMETHEUS_MULTIPROC_DIR: slotDirectory(),
    });
    assert.equal(sample(stdout, 'plain_total'), 1);
    assert.doesNotMatch(stdout, /prom_multiproc/);
    assert.equal(stderr.match(/PromMultiprocWarning/g)?.length, 1, stderr);
    assert.match(stderr, /koffi is not installed \(Cannot find module 'koffi'\)/);
  });

  test('a cluster with PROM_MULTIPROC_FFI=node shares, without a native add-on in node_modules', async () => {
    assert.deepEqual(globSync('node_modules/**/*.node', { cwd: without }), []);
    const { stdout } = await output(
      process.execPath,
      [process.execPath, '--no-addons', 'cluster.mjs'],
      without,
      {
        PROMETHEUS_MULTIPROC_DIR: slotDirectory(),
        PROM_MULTIPROC_FFI: 'node',
      },
    );
    assert.equal(sample(stdout, 'requests_total{status="200"}'), 3000);
    assert.equal(sample(stdout, 'prom_multiproc_slots'), 2);
  });
});
