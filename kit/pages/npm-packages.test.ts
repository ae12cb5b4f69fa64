/**
 * Checks that npm has each package that a page names: it is in package-lock.json, or in npm-packages.txt, whose names
 * .ci/npm-packages looks up in the registry.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const listed = text('kit/pages/npm-packages.txt').trim().split('\n');
/** The keys are paths, such as node_modules/NAME. */
const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, object> };

const IMPORT = /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*['"]([^./'"][^'"]*)['"]/g;
const INSTALL = /^\$ (?:npm install|npm uninstall|pnpm add|yarn add|pm2 install|pm2 uninstall) (.*)$/gm;
const RUN = /^\$ npx ([\w@/.-]+)/gm;
/** A quoted word with a hyphen: in the pages of `OF_PACKAGES` always a package. */
const QUOTED = /`((?:@[a-z\d-]+\/)?[a-z\d]+(?:-[a-z\d]+)+)`/g;
const OF_PACKAGES = ['docs/guides/migrate.md', 'docs/guides/install.md'];

function named(page: string): string[] {
  const content = text(page);
  const all = (pattern: RegExp) => [...content.matchAll(pattern)].map(([, match]) => match!);
  const imported = all(IMPORT).filter((name) => !isBuiltin(name));
  const installed = all(INSTALL).flatMap((rest) =>
    rest
      .replace(/#.*/, '')
      .split(/\s+/)
      .filter((word) => word !== '' && !/^-|^\.|\.tgz$/.test(word)),
  );
  return [...imported, ...installed, ...all(RUN), ...(OF_PACKAGES.includes(page) ? all(QUOTED) : [])].map(
    (name) => /^(?:@[^/]+\/)?[^/@]+/.exec(name)![0],
  );
}

test('each package that a page names is installed or listed in npm-packages.txt', () => {
  for (const page of pages) {
    for (const name of named(page)) {
      assert.ok(`node_modules/${name}` in packages || listed.includes(name), `${page}: ${name}`);
    }
  }
});

test('npm-packages.txt lists exactly the packages that pages name and the project does not install', () => {
  const all = new Set(pages.flatMap(named));
  assert.deepEqual(listed, [...all].filter((name) => !(`node_modules/${name}` in packages)).sort());
});
