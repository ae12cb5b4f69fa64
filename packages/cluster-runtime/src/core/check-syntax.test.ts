import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type TestContext } from 'node:test';
import { temporaryDirectory } from '../../../prom-multiproc/test/support/temporary-directory.ts';
import { copyOfApp } from '../../test/support/app-copy.ts';
import { runApp } from '../../test/support/run-app.ts';
import { checkSyntax } from './check-syntax.ts';

/** Code that Node rejects, and the message with its line. */
const REFUSED: [what: string, file: string, source: string, expected: RegExp][] = [
  [
    'a decorator',
    'a.ts',
    'const d = (): void => {};\n@d\nclass A {}\nexport { A };\n',
    /:2: .*@d.*decorators need a compiler/,
  ],
  ['an enum', 'a.ts', '\nexport enum E {\n  A,\n}\n', /:2: .*enum is not supported/],
  ['a const enum', 'a.ts', '\nexport const enum E {\n  A,\n}\n', /:2: .*enum is not supported/],
  ['a namespace', 'a.ts', 'export namespace N {\n  export const a = 1;\n}\n', /:1: .*namespace/],
  [
    'a parameter property',
    'a.ts',
    'export class A {\n  constructor(private a: number) {}\n}\n',
    /:2: .*parameter property/,
  ],
  ['an assertion in angle brackets', 'a.ts', 'export const a = <number>1;\n', /:1: .*angle-bracket/],
  ['an accessor', 'a.ts', 'export class A {\n  accessor a = 1;\n}\n', /:2: .*accessor a = 1/],
  [
    'import x = require()',
    'a.ts',
    "\nimport fs = require('node:fs');\nexport { fs };\n",
    /:2: .*import equals/,
  ],
  ['an import without .ts', 'a.ts', "import './b';\n", /:1: '\.\/b' names no file: write '\.\/b\.ts'/],
  [
    'an import of .js for .ts',
    'a.ts',
    "\nexport * from './b.js';\n",
    /:2: '\.\/b\.js' names no file: write '\.\/b\.ts'/,
  ],
  ['an import of a folder', 'a.ts', "import './c';\n", /:1: '\.\/c' names no file: write '\.\/c\/index\.ts'/],
  [
    'an import of the folder above',
    'c/a.ts',
    "import '../b';\n",
    /:1: '\.\.\/b' names no file: write '\.\.\/b\.ts'/,
  ],
  ['an alias of tsconfig.json', 'a.ts', "import '@/b.ts';\n", /:1: .*@\/b\.ts/],
  ['a package that is not installed', 'a.ts', "\n\nimport 'no-such-package';\n", /:3: .*no-such-package/],
  ['JSX', 'a.ts', 'export const a = <p>hello</p>;\n', /:1: /],
  ['a .tsx file', 'a.tsx', 'export const a = <p>hello</p>;\n', /:1: Node does not run \.tsx/],
  ['a decorator in JavaScript', 'a.js', 'export @d class A {}\n', /:1: .*@d/],
];

function sources(t: TestContext): string {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'b.ts'), 'export const b = 1;\n');
  mkdirSync(join(directory, 'c'));
  writeFileSync(
    join(directory, 'c/index.ts'),
    "export type { A } from '../a';\nexport { b } from '../b.ts';\n",
  );
  return directory;
}

for (const [what, file, source, expected] of REFUSED) {
  test(`the check reports ${what} with its line`, (t) => {
    const directory = sources(t);
    writeFileSync(join(directory, file), source);
    const refused = checkSyntax(directory);
    assert.equal(refused.length, 1, refused.join('\n'));
    assert.ok(refused[0]!.startsWith(join(directory, file)), refused.join());
    assert.match(refused[0]!, expected);
  });
}

test('the check accepts code that Node runs', (t) => {
  const directory = sources(t);
  const source = [
    "import { createServer } from 'node:http';",
    "import { b } from './b.ts';",
    "import type { T } from './types';",
    'declare enum E { A }',
    'abstract class A<T extends object> { declare a: T; protected readonly c = b as number; }',
    'export { A, createServer };',
    'export type { E, T };',
    'export const later = (): Promise<unknown> => import("./b.ts");',
    'await later();',
  ];
  writeFileSync(join(directory, 'a.ts'), `${source.join('\n')}\n`);
  assert.deepEqual(checkSyntax(directory), []);
});

test('the check accepts the sources of the runtime', () =>
  assert.deepEqual(checkSyntax(resolve(import.meta.dirname, '..')), []));

for (const [what, added, place] of [
  ['a decorator', '\n@Service()\nexport class A {}\n', /app\/routes\.ts:\d+: .*@Service/],
  ['an enum', '\nexport enum E {\n  A,\n}\n', /app\/routes\.ts:\d+: .*enum/],
  [
    'an import without .ts',
    "\nexport { createApp } from './app';\n",
    /app\/routes\.ts:\d+: '\.\/app' names no file/,
  ],
] as const) {
  test(`a worker that cannot start because of ${what} logs the file and the line`, async (t) => {
    const source = copyOfApp(t);
    appendFileSync(join(source, 'app/routes.ts'), added);
    const app = runApp(t, join(source, 'main.ts'), { WORKERS: '1', GIVE_UP_MS: '100' });
    const { refused } = await app.line('cannot start');
    assert.match(String(refused), place);
  });
}
