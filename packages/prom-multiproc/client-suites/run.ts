/**
 * client-suites CHECKOUT: runs the tests of a client, or of a package that uses one, in a checkout with its dependencies
 * installed, plain and with every registry shared, and prints the tests that are red shared and green plain. What the
 * runner of the tests says goes to standard error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { temporaryDirectory, thisProcess } from '../test/support/temporary-directory.ts';

type Results = ReadonlyMap<string, boolean>;

const HERE = import.meta.dirname;
const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: client-suites CHECKOUT, a folder with a package.json and its dependencies');
  process.exit(1);
}
const checkout = resolve(path);
const { name, version, jest } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
const directory = temporaryDirectory(thisProcess);

const run = jest !== undefined ? runJest : existsSync(join(checkout, 'spec')) ? runJasmine : runNodeTests;
const [plain, shared] = [run(false), run(true)];
const red = [...plain].filter(([test, isGreen]) => isGreen && shared.get(test) !== true);
console.log(
  `${name} ${version}: ${plain.size} tests, green plain: ${green(plain)}, shared: ${green(shared)}`,
);
for (const [test] of red) console.log(`red shared: ${test}`);

function green(results: Results): number {
  return [...results.values()].filter((isGreen) => isGreen).length;
}

function runJest(shared: boolean): Results {
  const output = join(directory, `jest-${shared}.json`);
  const config = {
    ...jest,
    rootDir: checkout,
    setupFiles: [join(HERE, 'fresh-directory.cjs')],
    transform: { 'lib/registry\\.js$': join(HERE, 'share-in-jest.cjs'), '\\.js$': 'babel-jest' },
    transformIgnorePatterns: ['/node_modules/', join(HERE, '../dist/')],
    // The library's client is the one that is tested.
    moduleNameMapper: { [`^${name}$`]: '<rootDir>/index.js' },
  };
  const args = ['--runInBand', '--forceExit', '--json', `--outputFile=${output}`];
  if (shared) args.push('--config', JSON.stringify(config));
  start([join(checkout, 'node_modules/jest/bin/jest.js'), ...args]);
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as {
    testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  return new Map(
    testResults.flatMap((file) =>
      file.assertionResults.map((test) => [
        `${file.name.slice(checkout.length + 1)}: ${test.fullName}`,
        test.status === 'passed',
      ]),
    ),
  );
}

function runJasmine(shared: boolean): Results {
  const specs = readdirSync(join(checkout, 'spec')).map((file) => join('spec', file));
  return new Map(
    specs.flatMap((spec) => marked(spec, start(['node_modules/jasme/run.js', spec], preload(shared)))),
  );
}

function runNodeTests(shared: boolean): Results {
  const files = readdirSync(join(checkout, 'test')).filter((file) => /\.(spec|test)\./.test(file));
  const run = (file: string) =>
    start(['--import', 'tsx', '--test', '--test-reporter=spec', join('test', file)], preload(shared));
  return new Map(files.flatMap((file) => marked(file, run(file))));
}

function preload(shared: boolean): NodeJS.ProcessEnv {
  if (!shared) return {};
  return { NODE_OPTIONS: `--import="${join(HERE, 'share-each-registry.ts')}"` };
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, ...env, CLIENT_SUITES_CHECKOUT: checkout, CLIENT_SUITES_DIR: directory },
    maxBuffer: 1e9,
  });
  console.error(stdout, stderr);
  return stdout;
}

/** The tests of a report that has a line with a mark for each. */
function marked(file: string, report: string): [test: string, isGreen: boolean][] {
  const tests = new Map<string, boolean>();
  const text = stripVTControlCharacters(report).split(/\n✖ failing tests/)[0]!;
  // Node marks a suite, too, once it is through.
  const suites = new Set(Array.from(text.matchAll(/^ *▶ (.*)$/gm), ([, title]) => title));
  for (const [, mark, title] of text.matchAll(/^ *([✓✔✗✖]) (.*?)(?: \([\d.]+ms\))?$/gm)) {
    if (suites.has(title)) continue;
    let test = `${file}: ${title}`;
    while (tests.has(test)) test += ' again';
    tests.set(test, '✓✔'.includes(mark!));
  }
  return [...tests];
}
