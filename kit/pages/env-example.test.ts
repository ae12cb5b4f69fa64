/** .env.example lists what people set of the compose files, with the defaults, and sets nothing by itself. */
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

/** scripts/up sets it for a trial start. */
const NOT_FOR_PEOPLE = ['END_AT_FIRST_FAILURE'];
/** Read by compose and the scripts themselves. */
const NOT_IN_COMPOSE_FILES = ['COMPOSE_PROJECT_NAME', 'COMPOSE_PROFILES', 'COMPOSE_FILE', 'BASE_DAYS'];

test('.env.example lists each variable of the compose files that people set', () => {
  const files = globSync(['docker-compose.yml', '*.compose.yml', 'prometheus/*.compose.yml'], { cwd: ROOT });
  const names = files.flatMap((file) => [...text(file).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!));
  const wanted = new Set([...names, ...NOT_IN_COMPOSE_FILES]);
  for (const name of NOT_FOR_PEOPLE) assert.ok(wanted.delete(name), name);
  assert.deepEqual(shown.map(([name]) => name).sort(), [...wanted].sort());
});

test('.env.example shows the defaults that the page of settings names', () => {
  const page = text('docs/reference/settings.md');
  const defaults = new Map(
    ['App variable', 'Compose variable', 'Script variable'].flatMap((table) =>
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

test('a copy of .env.example sets nothing until a line is taken out of its comment', () => {
  assert.deepEqual(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    [],
  );
});

test('git takes .env.example, and never the .env made from it', () => {
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
