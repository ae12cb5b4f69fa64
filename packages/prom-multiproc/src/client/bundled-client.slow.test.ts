/** A client inside a bundle: all of its modules are in the application's own file. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { installedApplication, PRELOAD } from '../../test/support/installed-application.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

const LIB = join(import.meta.dirname, '../../../../node_modules/prom-client/lib');
const MODULES = globSync(join(LIB, '{*.js,metrics/*.js}')).map((path) => {
  const name = path.slice(LIB.length + 1, -'.js'.length);
  return `${JSON.stringify(name)}(module, exports, require, __dirname) {${readFileSync(path, 'utf8')}\n}`;
});
/** A program that loads the client's modules from its own file. */
const BUNDLE = `
const path = require('node:path').posix;
const modules = { ${MODULES.join(',\n')} };
const loaded = {};
function load(name) {
  if (loaded[name] !== undefined) return loaded[name].exports;
  const module = loaded[name] = { exports: {} };
  const own = (wanted) => wanted.startsWith('.') ? load(path.join(path.dirname(name), wanted).replace(/\\.js$/, '')) : require(wanted);
  modules[name](module, module.exports, Object.assign(own, require), ${JSON.stringify(LIB)});
  return module.exports;
}
const Counter = load('counter');
const register = load('registry').globalRegistry;
const warnings = [];
process.on('warning', ({ name, code, message }) => {
  if (name !== 'ExperimentalWarning') warnings.push(code + ' ' + message);
});
const print = () => register.metrics().then((text) => console.log(JSON.stringify({ text, warnings })));
const printWarned = (left = 3000) => setTimeout(() => (warnings.length > 0 || left === 0 ? print() : printWarned(left - 1)), 10);
`;
const COUNT = "new Counter({ name: 'x_total', help: 'h' }).inc();";

interface Output {
  readonly text: string;
  readonly warnings: readonly string[];
}

// Most of each test is waiting.
describe('an application with a bundled client, or none', { concurrency: true }, () => {
  for (const [what, share, args] of [
    ['the preload', '', PRELOAD],
    ['share() without a registry', "require('prom-multiproc').share();", []],
  ] as const) {
    test(`${what} cannot share a bundled client, and a warning says what to do`, async (t) => {
      const { result } = await installedApplication(t).run<Output>(
        `${BUNDLE} ${share} ${COUNT} printWarned();`,
        {
          args: ['--no-warnings', ...args],
          env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
        },
      );
      assert.equal(result.warnings.length, 1);
      assert.match(
        result.warnings[0]!,
        /^PROM_MULTIPROC_UNSHARED_METRICS \S+main\.cjs contains a copy of the client, .*call share\(register\)/,
      );
    });
  }

  test('share(register) shares a bundled client without a warning', async (t) => {
    const app = installedApplication(t);
    const env = { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) };
    for (let times = 1; times <= 2; times++) {
      const { result } = await app.run<Output>(
        `${BUNDLE} require('prom-multiproc').share(register); ${COUNT} setTimeout(print, 2500);`,
        { args: ['--no-warnings', ...PRELOAD], env },
      );
      assert.equal(sample(result.text, 'x_total'), times);
      assert.deepEqual(result.warnings, []);
    }
  });

  test('a process without the client gets no warning', async (t) => {
    const { result } = await installedApplication(t).run<string[]>(
      `const warnings = []; process.on('warning', ({ name, message }) => name === 'ExperimentalWarning' || warnings.push(message));
     setTimeout(() => console.log(JSON.stringify(warnings)), 2500);`,
      { args: PRELOAD, env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) } },
    );
    assert.deepEqual(result, []);
  });
});
