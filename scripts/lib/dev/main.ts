import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseEnv } from 'node:util';
import { AppLog, startErrors } from './app-log.ts';
import { Reloader } from './reloader.ts';

/** `main.ts [--host] [--inspect]`: see scripts/dev --help. */

const ROOT = resolve(import.meta.dirname, '../../..');
const SOURCES = 'demo-app/src';
const PORT = '9229';
/** The last line that scripts/up prints before the logs. */
const STARTED = 'Press Ctrl-C to stop it.';

const onHost = process.argv.includes('--host');
const inspects = process.argv.includes('--inspect');

/** The environment of scripts/up. It outranks .env. */
function environment(): NodeJS.ProcessEnv {
  const file = join(ROOT, '.env');
  const given = { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env };
  const composeFiles = [
    given.COMPOSE_FILE || 'docker-compose.yml',
    'scripts/lib/dev/dev.compose.yml',
    ...(inspects ? ['scripts/lib/dev/inspect.compose.yml'] : []),
  ];
  const inspectPort = onHost ? given.INSPECT_PORT || PORT : PORT;
  return {
    ...process.env,
    COMPOSE_FILE: composeFiles.join(':'),
    DEV_SOURCES: '1',
    INSPECT: inspects ? inspectPort : '',
    WORKERS: '1',
    // A breakpoint stops the worker.
    MAX_WAIT_MS: '0',
    WORKER_TIMEOUT_MS: '0',
  };
}

const env = environment();
const up = spawn(join(ROOT, 'scripts/up'), onHost ? ['--host'] : [], {
  cwd: ROOT,
  env,
  stdio: ['inherit', 'pipe', 'inherit'],
});
const appLog = new AppLog();
let reloader: Reloader | undefined;

createInterface({ input: up.stdout }).on('line', (line) => {
  if (reloader !== undefined) {
    const text = appLog.textOf(line);
    if (text === undefined) return;
    console.log(text);
    for (const error of startErrors(text)) console.log(`dev: ${error}`);
    return;
  }
  console.log(line);
  if (line !== STARTED) return;
  reloader = new Reloader(join(ROOT, SOURCES), join(ROOT, 'scripts/reload'), env);
  console.log(`dev: watching ${SOURCES}`);
});

up.on('close', (code) => {
  reloader?.close();
  process.exitCode = code ?? 1;
});

// A terminal sends SIGINT to scripts/up itself.
process.on('SIGINT', () => process.stdin.isTTY || up.kill('SIGINT'));
process.on('SIGTERM', () => up.kill('SIGTERM'));
