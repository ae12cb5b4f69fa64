/** Every message in troubleshooting.md exists in the sources, and every warning and error that the runtime logs is on the page. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

const textsOf = (...patterns: string[]): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

const APP = textsOf('packages/cluster-runtime/src/**/*.ts');
const SOURCES = [
  ...APP,
  ...textsOf(
    'packages/prom-multiproc/src/**/*.ts',
    'scripts/{*,lib/*,lib/deploy/*,lib/host/*}',
    '.ci/{*,lib/*}',
    'supervisor/*',
    'nginx/page/errors/*.html',
  ),
];

const TROUBLESHOOTING = readFileSync(join(ROOT, 'docs/reference/troubleshooting.md'), 'utf8');
const MESSAGES = [...TROUBLESHOOTING.matchAll(/^- `([^`]+)`:/gm)].map(([, message]) => message!);

/** `...` on the page matches up to 80 characters of the source. */
const pattern = (message: string) =>
  new RegExp(message.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&').replaceAll('\\.\\.\\.', '.{0,80}?'));

test('the messages on the page are unique', () => {
  assert.ok(MESSAGES.length > 40, `${MESSAGES.length} messages`);
  assert.equal(new Set(MESSAGES).size, MESSAGES.length);
});

test('every message on the page exists in the sources', () => {
  const missing = MESSAGES.filter((message) => !SOURCES.some((source) => pattern(message).test(source)));
  assert.deepEqual(missing, []);
});

test('every warning and error that the runtime logs is on the page', () => {
  const logged = APP.flatMap((source) => [
    ...source.matchAll(/\blog\('(?:warn|error)',\s*(['`])(.*?)\1/g),
    ...source.matchAll(/\bfail\((['`])(.*?)\1/g),
  ]).map(([, , message]) => message!.replace(/\$\{[^}]*\}/g, '...'));
  assert.ok(logged.length > 20, `${logged.length} found`);
  const missing = logged.filter((message) => !MESSAGES.some((listed) => pattern(listed).test(message)));
  assert.deepEqual(missing, []);
});
