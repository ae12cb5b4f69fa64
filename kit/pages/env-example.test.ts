/** Compares .env.example with the compose files and docs/reference/settings.md. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const lines = text('.env.example').split('\n');
const shown = lines.flatMap((line) => {
  const [, name, value] = /^#([A-Z_]+)=(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [[name, value!] as const];
});

/** Set by scripts/up for the trial of a new build: docs/guides/operate.md#a-new-build. */
const INTERNAL = ['END_AT_FIRST_FAILURE'];
/** Old names that still work: see kit/specs/compose-file.spec.ts. */
const OLD_NAMES = ['METRICS_DOOR_PORT'];
/** Read by compose itself and by the scripts. */
const NOT_IN_COMPOSE_FILES = ['COMPOSE_PROJECT_NAME', 'COMPOSE_FILE', 'BASE_DAYS'];

test('.env.example lists each variable of the compose files', () => {
  const files = globSync(['docker-compose.yml', '{.,caddy,nginx,prometheus}/*.compose.yml'], { cwd: ROOT });
  const names = files.flatMap((file) => [...text(file).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!));
  const expected = new Set([...names, ...NOT_IN_COMPOSE_FILES]);
  for (const name of [...INTERNAL, ...OLD_NAMES]) assert.ok(expected.delete(name), name);
  assert.deepEqual(shown.map(([name]) => name).sort(), [...expected].sort());
});

test('settings.md names each variable of .env.example', () => {
  const page = text('docs/reference/settings.md');
  const missing = shown.map(([name]) => name!).filter((name) => !page.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});

test('.env.example shows the defaults of settings.md', () => {
  const page = text('docs/reference/settings.md');
  const defaults = new Map(
    ['App variable', 'Image variable', 'Compose variable', 'Script variable'].flatMap((table) =>
      tableRows(page, table).map(([name, fallback]) => [name!, fallback === 'processors' ? '' : fallback!]),
    ),
  );
  let compared = 0;
  for (const [name, value] of shown.filter(([name]) => defaults.has(name))) {
    assert.equal(value, defaults.get(name), name);
    compared += 1;
  }
  assert.ok(compared > 20, `${compared} compared`);
});

test('a copy of .env.example sets nothing until a line is uncommented', () => {
  assert.deepEqual(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    [],
  );
});

test('git tracks .env.example and ignores .env', () => {
  const ignored = (path: string) => {
    try {
      execFileSync('git', ['check-ignore', '--quiet', path], { cwd: ROOT });
      return true;
    } catch {
      return false;
    }
  };
  assert.equal(ignored('.env'), true);
  assert.equal(ignored('.env.example'), false);
});
