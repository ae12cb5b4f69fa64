/** Of each part that tests share there is one. A second one is found here by what every such part has to call. */
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
  readonly home: string;
  /** Files that make the call for another purpose, or that run where nothing can be imported. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

const PARTS: readonly Part[] = [
  {
    what: 'starter of compose stacks',
    call: /new DockerComposeEnvironment|\bcompose\([^)]*'up'/,
    home: 'e2e/support/compose-project.ts',
    exceptions: {
      'e2e/specs/stack.spec.ts': 'creates containers of a stack anew',
      'kit/specs/hardening-proxy.spec.ts': 'creates a container of a stack anew',
      'kit/specs/host-names.spec.ts': 'creates a container of a stack anew',
      'kit/specs/line-ends.spec.ts': 'tries the command itself, in a clone',
    },
  },
  { what: 'log follower', call: /'--follow'/, home: 'e2e/support/log-follower.ts' },
  {
    what: 'temporary directory',
    call: /\bmkdtemp/,
    home: `${SUPPORT}/temporary-directory.ts`,
    exceptions: {
      'packages/prom-multiproc/client-suites/fresh-directory.cjs': "runs in another project's Jest",
      'packages/prom-multiproc/client-suites/share-each-registry.ts': 'removed with the directory of the run',
    },
  },
  {
    what: 'poller',
    call: /\bnow\(\) *[<>]=? *deadline\b/,
    home: `${SUPPORT}/poll.ts`,
    exceptions: { 'packages/prom-multiproc/src/clear-directory.ts': 'no test: what is published' },
  },
  {
    what: 'raw HTTP client',
    call: /import \{[^}]*\bconnect\b[^}]*\} from 'node:net'|\bconnect\b.*require\('node:net'\)/,
    home: 'packages/cluster-runtime/test/support/raw-http.ts',
    exceptions: {
      'kit/specs/networks/reach.ts': 'runs alone in a container',
      'kit/specs/attacking-client/connections.ts': 'runs alone in a container',
      'kit/specs/log-lines.spec.ts': 'its program runs alone in a container',
      'nginx/testing/crowd.ts': 'counts connections, without HTTP, from addresses of its own',
    },
  },
  { what: 'seeded random generator', call: /0x6d2b79f5/, home: `${SUPPORT}/random.ts` },
];

/** The sources that git knows or would add: by path, with their text. */
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

for (const { what, call, home, exceptions = {} } of PARTS) {
  test(`there is one ${what}, in ${home}`, () => {
    const found = sources.filter(({ text }) => call.test(text)).map(({ path }) => path);
    assert.deepEqual(found.sort(), [home, ...Object.keys(exceptions)].sort());
  });
}
