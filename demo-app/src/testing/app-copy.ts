import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';

const SOURCES = resolve(import.meta.dirname, '..');

/** Gone after the test: at another try, where a process that is about to end puts something in it. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'demo-app-'));
  t.after(() => rmSync(directory, { recursive: true, maxRetries: 20 }));
  return directory;
}

/** A copy of the sources that a test may change while they run, with the application of the tests for its app/. */
export function copyOfApp(t: TestContext): string {
  const directory = temporaryDirectory(t);
  cpSync(SOURCES, join(directory, 'src'), { recursive: true });
  rmSync(join(directory, 'src/app'), { recursive: true });
  cpSync(join(SOURCES, 'testing/ping-app'), join(directory, 'src/app'), { recursive: true });
  change(join(directory, 'src/app/app.ts'), '../../', '../');
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(resolve(SOURCES, '../../node_modules'), join(directory, 'node_modules'));
  return join(directory, 'src');
}

/** Changes one place of a source. */
export function change(file: string, from: string, to: string): void {
  const before = readFileSync(file, 'utf8');
  assert.ok(before.includes(from), `${file} has ${from}`);
  writeFileSync(file, before.replace(from, to));
}
