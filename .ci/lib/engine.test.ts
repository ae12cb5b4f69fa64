/** Runs functions of engine.sh, and scripts that only need an answer of Docker, with a stub in place of `docker`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Stub {
  /** What `docker info` prints to stderr. */
  readonly info: string;
  readonly infoStatus: number;
  readonly composeStatus?: number;
}

/** Returns an environment in which `docker` is the stub and dockerd does not run. Commands other than `info` and `version` fail with 99. */
function withStub(t: TestContext, { info, infoStatus, composeStatus = 0 }: Stub): NodeJS.ProcessEnv {
  const bin = temporaryDirectory(t);
  const stub = `#!/bin/sh
case "$1 \${2:-}" in
  'info ') printf '%s\\n' "$INFO" >&2 && exit ${infoStatus} ;;
  'compose version') [ ${composeStatus} = 0 ] || echo "docker: 'compose' is not a docker command" >&2; exit ${composeStatus} ;;
  'buildx version') exit 0 ;;
esac
exit 99
`;
  writeFileSync(join(bin, 'docker'), stub, { mode: 0o755 });
  // The pid file of dockerd, which may run on this machine.
  const cat = '#!/bin/sh\n[ "$*" = /run/docker.pid ] && exit 1\nexec /bin/cat "$@"\n';
  writeFileSync(join(bin, 'cat'), cat, { mode: 0o755 });
  const { DOCKER_HOST: _host, DOCKER_CONTEXT: _context, ...env } = process.env;
  return { ...env, PATH: `${bin}:${env.PATH}`, INFO: info };
}

/** Copies the scripts: a stack without containers may run in the directory of this checkout, and `down` would stop it. */
function scriptOfCopy(t: TestContext, name: string): string {
  const copy = temporaryDirectory(t);
  for (const path of ['scripts', '.ci/lib']) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  return join(copy, 'scripts', name);
}

function sh(code: string, env: NodeJS.ProcessEnv) {
  const sources = '. "$root/scripts/lib/say.sh"; . "$root/.ci/lib/apt.sh"; . "$root/.ci/lib/engine.sh"';
  return spawnSync('sh', ['-euc', `root=$0; ${sources}; ${code}`, ROOT], {
    env,
    encoding: 'utf8',
  });
}

const SOCKET = 'unix:///var/run/docker.sock';
const STOPPED = [
  `Cannot connect to the Docker daemon at ${SOCKET}. Is the docker daemon running?`,
  `failed to connect to the docker API at ${SOCKET}; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory`,
];
const NOT_STOPPED = [
  `permission denied while trying to connect to the Docker daemon socket at ${SOCKET}: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/info": dial unix /var/run/docker.sock: connect: permission denied`,
  `permission denied while trying to connect to the docker API at ${SOCKET}`,
  'Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?',
  'error during connect: Get "https://192.0.2.1:2376/v1.50/info": context deadline exceeded',
];

for (const info of STOPPED) {
  test(`the engine is stopped: ${info}`, (t) => {
    const env = withStub(t, { info, infoStatus: 1 });
    assert.equal(sh('engine_is_stopped', env).status, 0);
    assert.equal(sh('engine_is_stopped', { ...env, DOCKER_HOST: SOCKET }).status, 1, 'DOCKER_HOST is set');
    assert.equal(sh('dockerd_runs() { true; }; engine_is_stopped', env).status, 1, 'dockerd runs');
  });

  test(`scripts/down succeeds, and with --volumes fails: ${info}`, (t) => {
    const env = withStub(t, { info, infoStatus: 1 });
    const script = scriptOfCopy(t, 'down');
    const down = (...args: string[]) => spawnSync(script, args, { env, encoding: 'utf8' });
    const { status, stderr } = down();
    assert.deepEqual([status, stderr], [0, 'The Docker engine is not running, so no stack is running.\n']);
    const { status: failed, stderr: error } = down('--volumes');
    assert.equal(failed, 1);
    assert.match(
      error,
      /^error: the Docker engine is not running, so the data of Prometheus was not removed\n/,
    );
  });
}

for (const info of NOT_STOPPED) {
  test(`the engine may be running: ${info}`, (t) => {
    assert.equal(sh('engine_is_stopped', withStub(t, { info, infoStatus: 1 })).status, 1);
  });

  test(`scripts/down and scripts/reload fail with Docker's error: ${info}`, (t) => {
    const env = withStub(t, { info, infoStatus: 1 });
    for (const script of ['down', 'reload']) {
      const { status, stderr } = spawnSync(scriptOfCopy(t, script), { env, encoding: 'utf8' });
      assert.equal(status, 1, script);
      assert.ok(
        stderr.startsWith(`error: no working Docker engine with compose and buildx: ${info}\n`),
        stderr,
      );
    }
  });
}

test('an engine that answers is not stopped, and a missing plugin is reported instead of its warnings', (t) => {
  const info = 'WARNING: No swap limit support';
  const env = withStub(t, { info, infoStatus: 0, composeStatus: 1 });
  assert.equal(sh('engine_is_stopped', env).status, 1);
  assert.equal(sh('engine_complaint', env).stdout, "docker: 'compose' is not a docker command\n");
});

test('where no engine can be provided, the message names the commands that need none', (t) => {
  const env = withStub(t, { info: STOPPED[0]!, infoStatus: 1 });
  const { status, stderr } = sh('engine_can_be_provided() { false; }; require_engine', env);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /\n {2}Without Docker: \.\/scripts\/up --host runs .*; \.\/scripts\/smoke --host checks it\.\n$/,
  );
});
