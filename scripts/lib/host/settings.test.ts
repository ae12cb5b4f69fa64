import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseEnv } from 'node:util';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { settingsOf } from './settings.ts';

const COMPOSE = `services:
  app:
    environment:
      WORKERS: \${WORKERS:-}
      HEAP_MB: \${HEAP_MB:-192}
      DATABASE_URL: \${DATABASE_URL}
    ports:
      - "127.0.0.1:\${METRICS_HOST_PORT:-\${METRICS_DOOR_PORT:-9040}}:9040"
`;

function checkout(t: TestContext, dotEnv = ''): string {
  const root = temporaryDirectory(t);
  writeFileSync(join(root, 'docker-compose.yml'), COMPOSE);
  if (dotEnv !== '') writeFileSync(join(root, '.env'), dotEnv);
  return root;
}

test('a setting comes from the environment, else from .env, else it has the default of docker-compose.yml', (t) => {
  const root = checkout(t, 'WORKERS=3\nDATABASE_URL=postgres://from-file\nUNRELATED=1\n');
  assert.deepEqual(
    { ...parseEnv(settingsOf(root, { DATABASE_URL: 'postgres://x', OTHER: '1' })) },
    {
      WORKERS: '3',
      HEAP_MB: '192',
      DATABASE_URL: 'postgres://x',
    },
  );
  assert.deepEqual({ ...parseEnv(settingsOf(checkout(t), {})) }, { HEAP_MB: '192' });
});

test('an empty variable of the environment hides the one in .env', (t) => {
  assert.equal(settingsOf(checkout(t, 'WORKERS=3\n'), { WORKERS: '' }), "HEAP_MB='192'\n");
});

test('a shell reads the value that was set, whatever it contains', (t) => {
  const value = 'postgres://u:$p`x`"%40 @h/d?a=b&c=$(id) #x';
  const file = join(temporaryDirectory(t), 'settings.env');
  writeFileSync(file, settingsOf(checkout(t), { DATABASE_URL: value }));
  const script = '. "$0"; printf %s "$DATABASE_URL"';
  assert.equal(execFileSync('sh', ['-c', script, file], { encoding: 'utf8' }), value);
});

test('a value that a shell and systemd would read differently is an error that names the variable', (t) => {
  for (const value of ["it's", 'a\\b', 'a\nb'])
    assert.throws(
      () => settingsOf(checkout(t), { DATABASE_URL: value }),
      /^Error: DATABASE_URL contains a single quote/,
    );
});

test('scripts/dev adds its own settings, which end a replaced worker at once', (t) => {
  const root = checkout(t);
  const added = 'scripts/lib/dev/dev.compose.yml';
  mkdirSync(join(root, 'scripts/lib/dev'), { recursive: true });
  cpSync(join(import.meta.dirname, '../../..', added), join(root, added));
  assert.deepEqual(
    { ...parseEnv(settingsOf(root, { DEV_SOURCES: '1', INSPECT: '9229' })) },
    {
      HEAP_MB: '192',
      NODE_ENV: 'development',
      DRAIN_WAIT_MS: '0',
      DRAIN_TIMEOUT_MS: '0',
      INSPECT: '9229',
      DEV_SOURCES: '1',
    },
  );
  assert.deepEqual({ ...parseEnv(settingsOf(root, {})) }, { HEAP_MB: '192' });
});
