/** settings.md lists every variable with its default and limits. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SettingsError } from '../../packages/cluster-runtime/src/core/environment.ts';
import { readSettings } from '../../packages/cluster-runtime/src/core/settings.ts';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const text = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = text('docs/reference/settings.md');
const ofCompose = tableRows(page, 'App variable');
const ofApp = [...ofCompose, ...tableRows(page, 'Image variable')].map(([name, fallback, range]) => ({
  name: name!,
  fallback: fallback!,
  limits: range === '' ? [] : range!.split('–'),
}));
/** demo-app/src/demo/demo-settings.test.ts checks the others: a user of the template may delete that folder. */
const ofRuntime = ofApp.filter(({ name }) => !name.startsWith('DEMO_'));
const inCompose = new Map(
  [...text('docker-compose.yml').matchAll(/\$\{([A-Z_]+):-(?:\$\{[A-Z_]+:-)?([^}]*)\}/g)].map(
    ([, name, value]) => [name!, value!],
  ),
);

test('settings.md lists each variable of the runtime', () => {
  const source = text('packages/cluster-runtime/src/core/settings.ts');
  const names = [...source.matchAll(/\.(?:text|integer|flag|choice)\('([A-Z_]+)'/g)].map(([, name]) => name!);
  assert.deepEqual(ofRuntime.map(({ name }) => name).sort(), names.sort());
});

test('settings.md states the defaults of the runtime', () => {
  const { metricsDirectory, ffi, ...settings } = readSettings({});
  const values: Record<string, unknown> = {
    ...settings,
    prometheusMultiprocDir: metricsDirectory ?? '',
    promMultiprocFfi: ffi,
  };
  for (const { name, fallback } of ofRuntime) {
    const key = name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = values[key];
    const shown =
      name === 'WORKERS' ? 'processors' : String(typeof value === 'boolean' ? Number(value) : (value ?? ''));
    assert.equal(fallback, shown, name);
  }
});

test('the runtime accepts values at the limits on the page and rejects values beyond them', () => {
  const limited = ofRuntime.filter(({ limits }) => limits.length > 0);
  assert.ok(limited.length > 15);
  for (const { name, limits } of limited) {
    for (const limit of limits) readSettings({ [name]: limit });
    const [from, to] = limits.map(Number);
    for (const beyond of [from! - 1, to! + 1]) {
      assert.throws(() => readSettings({ [name]: String(beyond) }), SettingsError, `${name}=${beyond}`);
    }
  }
});

const passedOn = ofCompose.map(([name]) => name!);

test('docker-compose.yml passes on the variables of the first table, without a default of its own', () => {
  assert.ok(passedOn.length > 0);
  for (const name of passedOn) assert.equal(inCompose.get(name), '', name);
});

test('settings.md lists each other variable of docker-compose.yml with its default', () => {
  const rows = tableRows(page, 'Compose variable').flatMap(([names, fallback]) =>
    names!.split(/`?, `?/).map((name) => [name.replaceAll('`', ''), fallback]),
  );
  const own = [...inCompose].filter(([name]) => !passedOn.includes(name));
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(own));
});

/** Set by the machine, or by one part of the repository for another. */
const BETWEEN_PARTS = new Set([
  'CI',
  'PATH',
  'E2E_RUN_ID',
  'NODE_TEST_CONTEXT',
  'NOT_AUDITED',
  'TEST_WORKER_INDEX',
]);

test('settings.md lists each variable that scripts, tests and benchmarks read', () => {
  const files = globSync(
    '{scripts,e2e,.ci,kit,packages/prom-multiproc/src,packages/prom-multiproc/test}/**/*.ts',
    {
      cwd: join(import.meta.dirname, '../..'),
    },
  );
  // Without programs that only a test starts: that test sets their variables.
  const read = files
    .filter((path) => !/[/]testing[/]|[/]test[/]support[/]|[/]cases[/]/.test(path))
    .flatMap((path) => [...text(path).matchAll(/\benv\.([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name!));
  assert.ok(read.length > 20);
  const missing = read.filter((name) => !BETWEEN_PARTS.has(name) && !page.includes(`\`${name}\``));
  assert.deepEqual([...new Set(missing)], []);
});
