/** Checks that each shared part of the tests exists once. A second one is detected by a call that every such part must make. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { git } from './test-kit/upstream.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SUPPORT = 'packages/prom-multiproc/test/support';

interface Part {
  readonly what: string;
  readonly call: RegExp;
  readonly file: string;
  /** Files that make the call for another purpose, or that run where they cannot import the part; with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

const PARTS: readonly Part[] = [
  {
    what: 'starter of compose stacks',
    call: /new DockerComposeEnvironment|\bcompose\([^)]*'up'/,
    file: 'e2e/support/compose-project.ts',
    exceptions: {
      'e2e/specs/stack.spec.ts': 'recreates containers of a stack',
      'kit/specs/hardening-proxy.spec.ts': 'recreates a container of a stack',
      'kit/specs/host-names.spec.ts': 'recreates a container of a stack',
      'kit/specs/line-ends.spec.ts': 'tests the command itself, in a clone',
    },
  },
  {
    what: 'log follower',
    call: /'--follow'/,
    file: 'e2e/support/log-follower.ts',
    exceptions: {
      'e2e/support/unit-stack.ts': 'follows a journal',
      'kit/specs/deploy-fails.spec.ts': 'reads the whole log of a container that is removed',
    },
  },
  {
    what: 'temporary directory',
    call: /\bmkdtemp/,
    file: `${SUPPORT}/temporary-directory.ts`,
    exceptions: {
      'packages/prom-multiproc/client-suites/fresh-directory.cjs': "runs in another project's Jest",
      'packages/prom-multiproc/client-suites/share-each-registry.ts': 'removed with the directory of the run',
    },
  },
  {
    what: 'poller',
    call: /\bnow\(\) *[<>]=? *deadline\b/,
    file: `${SUPPORT}/poll.ts`,
    exceptions: { 'packages/prom-multiproc/src/clear-directory.ts': 'published code, not a test' },
  },
  {
    what: 'raw HTTP client',
    call: /import \{[^}]*\bconnect\b[^}]*\} from 'node:net'|\bconnect\b.*require\('node:net'\)/,
    file: 'packages/cluster-runtime/test/support/raw-http.ts',
    exceptions: {
      'kit/specs/networks/reach.ts': 'runs in a container without other files',
      'kit/specs/attacking-client/connections.ts': 'runs in a container without other files',
      'kit/specs/log-lines.spec.ts': 'its program runs in a container without other files',
      'packages/cluster-runtime/src/worker/inspector.ts': 'waits until a port is free; not a test',
      'packages/cluster-runtime/src/core/socket-calls.test.ts': 'connects without HTTP',
      'packages/cluster-runtime/src/worker/graceful-shutdown.test.ts':
        'opens a connection before its request',
      'packages/cluster-runtime/src/worker/last-connections.test.ts': 'connects without HTTP',
      'nginx/testing/crowd.ts': 'opens connections from a given address and sends no HTTP',
    },
  },
  { what: 'seeded random generator', call: /0x6d2b79f5/, file: `${SUPPORT}/random.ts` },
];

/** Path and text of the tracked and untracked sources. */
const sources = git(
  ROOT,
  'ls-files',
  '-z',
  '--cached',
  '--others',
  '--exclude-standard',
  '*.ts',
  '*.cjs',
  '*.mjs',
  '*.js',
)
  .split('\0')
  .filter((path) => path !== '' && !path.includes('/vendor/') && join(ROOT, path) !== import.meta.filename)
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

for (const { what, call, file, exceptions = {} } of PARTS) {
  test(`there is one ${what}, in ${file}`, () => {
    const found = sources.filter(({ text }) => call.test(text)).map(({ path }) => path);
    assert.deepEqual(found.sort(), [file, ...Object.keys(exceptions)].sort());
  });
}
