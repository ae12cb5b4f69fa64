import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../../../prom-multiproc/test/support/temporary-directory.ts';

const RUNTIME = resolve(import.meta.dirname, '../..');
const MODULES = resolve(RUNTIME, '../../node_modules');

/** An application's sources that a test may change while they run: main.ts, and the application of the tests in app/. */
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

/** The runtime's own sources with the application of the tests, to be changed before they run: its entry. */
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

/** Changes one place of a source. */
export function change(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8');
  assert.ok(before.includes(from), `${file} has ${from}`);
  writeFileSync(file, before.replace(from, to));
}
