/** Arguments that scripts reject before they use Docker. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

type Call = readonly [script: string, args: readonly string[], error: string];

const CALLS: readonly Call[] = [
  ['scale', [], "not a number of workers: ''\n  scripts/scale --help"],
  ['scale', ['0'], "not a number of workers: '0'\n  scripts/scale --help"],
  ['scale', ['-1'], "not a number of workers: '-1'\n  scripts/scale --help"],
  ['scale', ['4.5'], "not a number of workers: '4.5'\n  scripts/scale --help"],
  ['scale', ['513'], 'too many workers: 513\n  The maximum is 512.'],
  ['scale', ['1000'], 'too many workers: 1000\n  The maximum is 512.'],
  ['scale', ['9'.repeat(30)], `too many workers: ${'9'.repeat(30)}\n  The maximum is 512.`],
  ['scale', ['4', '5'], 'unknown argument: 5\n  scripts/scale --help'],
  ['down', ['--volume'], 'unknown argument: --volume\n  scripts/down --help'],
  ['down', ['--volumes', 'app'], 'unknown argument: app\n  scripts/down --help'],
  ['reload', ['app'], 'unknown argument: app\n  scripts/reload --help'],
  ['dev', ['--detach'], 'unknown argument: --detach\n  scripts/dev --help'],
  ['up', ['--detach', 'app'], 'unknown argument: app\n  scripts/up --help'],
  ['smoke', ['ping'], 'unknown argument: ping\n  PATH must begin with /: scripts/smoke --help'],
  ['../supervisor/install-host', ['--purge'], 'unknown argument: --purge\n  supervisor/install-host --help'],
  [
    '../supervisor/install-host',
    ['--remove', 'all'],
    'unknown argument: all\n  supervisor/install-host --help',
  ],
  ['../.ci/bare-debian', ['sid'], 'unknown argument: sid\n  .ci/bare-debian --help'],
  ['../.ci/bare-debian', [], 'no Debian suite: bookworm or trixie\n  .ci/bare-debian --help'],
  [
    'lib/check-prometheus',
    ['bogus'],
    'unknown argument: bogus\n  usage: check-prometheus config | rules | tests',
  ],
];

for (const [script, args, error] of CALLS) {
  test(`scripts/${[script, ...args].join(' ')} is rejected`, () => {
    const env = { ...process.env, DOCKER_HOST: 'unix:///nonexistent' };
    const { status, stdout, stderr } = spawnSync(join(import.meta.dirname, script), args, {
      env,
      encoding: 'utf8',
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: `error: ${error}\n` });
  });
}

const WITH_USAGE: readonly Call[] = [
  ['test', ['--bogus'], 'unknown argument: --bogus\nUsage: scripts/test [--all]\n'],
  ['test', ['--all', 'monotonic'], 'unknown argument: monotonic\nUsage: scripts/test [--all]\n'],
  ['lib/unit-tests', ['bogus'], 'unknown argument: bogus\nusage: unit-tests fast|slow|slow-more|packaging '],
];

for (const [script, args, error] of WITH_USAGE) {
  test(`scripts/${[script, ...args].join(' ')} is rejected with the usage`, () => {
    const { status, stdout, stderr } = spawnSync(join(import.meta.dirname, script), args, {
      encoding: 'utf8',
    });
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.equal(stderr.slice(0, `error: ${error}`.length), `error: ${error}`);
  });
}
