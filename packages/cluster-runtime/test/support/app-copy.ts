import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../../../prom-multiproc/test/support/temporary-directory.ts';

const RUNTIME = resolve(import.meta.dirname, '../..');
const MODULES = resolve(RUNTIME, '../../node_modules');

/** Copies the test application, which a test may change while it runs: main.ts and app/. Returns the directory. */
export function copyOfApp(t: TestContext): string {
  const directory = join(temporaryDirectory(t), 'src');
  cpSync(join(import.meta.dirname, 'ping-app'), join(directory, 'app'), { recursive: true });
  cpSync(join(import.meta.dirname, 'ping-main.ts'), join(directory, 'main.ts'));
  change(join(directory, 'main.ts'), '../../src/index.ts', 'cluster-runtime');
  change(join(directory, 'main.ts'), './ping-app/', './app/');
  change(join(directory, 'app/app.ts'), '../../../src/index.ts', 'cluster-runtime');
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(MODULES, join(directory, 'node_modules'));
  return directory;
}

/** Copies the runtime's sources and the test application, which a test may change before it runs them. */
export function copyOfRuntime(t: TestContext): { readonly sources: string; readonly main: string } {
  const directory = temporaryDirectory(t);
  const sources = join(directory, 'src');
  cpSync(join(RUNTIME, 'src'), sources, { recursive: true });
  for (const name of ['ping-app', 'ping-main.ts']) {
    cpSync(join(import.meta.dirname, name), join(directory, 'test/support', name), { recursive: true });
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(MODULES, join(directory, 'node_modules'));
  return { sources, main: join(directory, 'test/support/ping-main.ts') };
}

/** Replaces one place of a source file. @throws if the file does not contain `from` */
export function change(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8');
  assert.ok(before.includes(from), `${file} has ${from}`);
  writeFileSync(file, before.replace(from, to));
}
