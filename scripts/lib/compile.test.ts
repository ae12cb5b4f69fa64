import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { CompileError, compile, compiledName } from './compile.ts';

const SOURCES = new Set(['app/src/a.ts', 'app/src/b.ts', 'app/src/c/d.mts', 'app/e.ts']);
const compiled = (text: string, file = 'app/src/a.ts') => compile(file, text, (path) => SOURCES.has(path));

test('an error in compiled code has the line and column of its source', (t) => {
  const source = [
    'interface Wide<T> {\n  readonly é: T;\n}',
    "type Name = '😀' | 'b';",
    `const fail = (name: Name, of?: Wide<string>): never => { throw new Error(\`\${name} \${of as unknown}\`); };`,
    "abstract class A { declare a: number; protected readonly b = fail('b' satisfies Name); }",
    'new (class extends A {})();',
  ].join('\n');
  const file = join(temporaryDirectory(t), 'a.mjs');
  writeFileSync(file, compiled(source));
  const { stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  const lines = source.split('\n');
  const place = (text: string) => {
    const line = lines.findIndex((one) => one.includes(text));
    return `${line + 1}:${lines[line]!.indexOf(text) + 1}`;
  };
  assert.match(stderr, new RegExp(`at fail \\(file://${file}:${place('new Error')}\\)`));
  assert.match(stderr, new RegExp(`at .*${file}:${place("fail('b'")}\\)`));
});

test('each name of a source, and no other name, becomes the name of its compiled file', () => {
  const pairs = [
    ["import { b } from './b.ts';", "import { b } from './b.js';"],
    ["import './b.ts';", "import './b.js';"],
    ['export * from "../e.ts";', 'export * from "../e.js";'],
    ["export { d } from './c/d.mts';", "export { d } from './c/d.mjs';"],
    ["await import('./b.ts');", "await import('./b.js');"],
    ["new Worker(new URL('./b.ts', import.meta.url));", "new Worker(new URL('./b.js', import.meta.url));"],
    ["import x from './other.ts';", "import x from './other.ts';"],
    ["log('./b.ts is a source');", "log('./b.ts is a source');"],
    ["mime['.ts'] = 'text/b.ts';", "mime['.ts'] = 'text/b.ts';"],
    ["await import(name + '.json');", "await import(name + '.json');"],
  ] as const;
  for (const [source, expected] of pairs) assert.equal(compiled(source), expected);
});

test('JavaScript keeps its text, apart from names of sources', () => {
  assert.equal(
    compiled("import './b.ts';\nlet a = b<c>(d);\n", 'app/src/f.js'),
    "import './b.js';\nlet a = b<c>(d);\n",
  );
});

for (const [what, source, expected] of [
  ['an enum', '\nexport enum E {\n  A,\n}\n', /^app\/src\/a\.ts:2: .*enum is not supported/],
  ['a computed import', `\n\nawait import(\`./\${name}.ts\`);`, /^app\/src\/a\.ts:3: .*computed import/],
  [
    'a concatenated import',
    "await import(\n  folder + '/b.ts',\n);",
    /^app\/src\/a\.ts:1: .*computed import/s,
  ],
  [
    'a path without ./',
    "\njoin(import.meta.dirname, 'b.ts');",
    /^app\/src\/a\.ts:2: 'b\.ts' names a source: write/,
  ],
] as const) {
  test(`${what} is refused with its line`, () => {
    assert.throws(
      () => compiled(source),
      (error) => error instanceof CompileError && expected.test(error.message),
    );
  });
}

test('only TypeScript modules are renamed', () => {
  const names = ['a.ts', 'a.mts', 'a.cts', 'a.js', 'a.json', 'ts', 'a.tsx'];
  assert.deepEqual(names.map(compiledName), ['a.js', 'a.mjs', 'a.cjs', 'a.js', 'a.json', 'ts', 'a.tsx']);
});
