/** README.md of the runtime names the metrics and signals of the sources. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const PACKAGE = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const SOURCES = globSync('src/**/*.ts', { cwd: PACKAGE })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(PACKAGE, file), 'utf8'));

/** Names of the metrics that the sources register. */
const registered = SOURCES.flatMap((source) =>
  [...source.matchAll(/\bname: '([a-z]+_[a-z_]+)',\s*help: /g)].map(([, name]) => name!),
);

test('README.md names each metric that the runtime registers, and no other', () => {
  const named = [...PAGE.matchAll(/^- `([a-z]+_[a-z_]+)`:/gm)].map(([, name]) => name!);
  assert.ok(registered.length > 10, `${registered.length} found`);
  assert.deepEqual(named.sort(), [...new Set(registered)].sort());
});

test('README.md names each signal that the primary handles', () => {
  const primary = readFileSync(join(PACKAGE, 'src/primary/primary.ts'), 'utf8');
  const handled = [...primary.matchAll(/process\.on\('(SIG\w+)'/g)].map(([, signal]) => signal!);
  const named = [...PAGE.matchAll(/^- (`SIG[^:]*):/gm)].flatMap(([, names]) => names!.match(/SIG\w+/g)!);
  assert.deepEqual(named.sort(), handled.sort());
});

test('the settings page that README.md links to exists', () => {
  const link = /\]\((\S*settings\.md)\)/.exec(PAGE)?.[1];
  assert.ok(link !== undefined && existsSync(join(PACKAGE, link)));
});

test('only settings.ts reads the environment', () => {
  const reading = globSync('src/**/*.ts', { cwd: PACKAGE }).filter(
    (file) =>
      !file.endsWith('.test.ts') && /\bprocess\.env\b/.test(readFileSync(join(PACKAGE, file), 'utf8')),
  );
  assert.deepEqual(reading, ['src/core/settings.ts']);
});

test('the runtime does not mention the demonstration', () => {
  assert.deepEqual(
    SOURCES.filter((source) => /demo|unshared/i.test(source)),
    [],
  );
});

test('no source file of the runtime has more than 300 lines', () => {
  const long = SOURCES.filter((source) => source.split('\n').length > 301);
  assert.deepEqual(long, []);
});
