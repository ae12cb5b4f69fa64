/** Checks that paths in configuration files exist: tools silently ignore a path that was moved. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const json = (path: string) => JSON.parse(text(path));

/** Returns the words of a command that are paths in the checkout. */
const paths = (command: string) =>
  command
    .split(/[\s"]+/)
    .filter((word) => /^(\.\/)?[\w.-]+(\/[\w.-]+)+$/.test(word) && !word.startsWith('origin/'));

const biome = json('biome.json') as {
  files: { includes: string[] };
  overrides: { includes: string[] }[];
};
const workflows = globSync('.github/workflows/*.yml', { cwd: ROOT }).flatMap((file) => {
  const { jobs } = parse(text(file)) as { jobs: Record<string, { steps: { run?: string }[] }> };
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = '' }) => paths(run)));
});

const NAMED: Record<string, string[]> = {
  '.dockerignore': text('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^!/, '')),
  'biome.json': [biome.files, ...biome.overrides].flatMap(({ includes }) =>
    includes.map((glob) => glob.replace(/^!/, '')),
  ),
  'tsconfig.json': json('tsconfig.json').include,
  'package.json': [
    ...json('package.json').workspaces,
    ...Object.values<string>(json('package.json').scripts).flatMap(paths),
  ],
  '.github/dependabot.yml': (
    parse(text('.github/dependabot.yml')).updates as { directory?: string; directories?: string[] }[]
  )
    .flatMap(({ directory, directories }) => directories ?? [directory!])
    .map((path) => path.replace(/^\//, '') || '.'),
  '.github/workflows': workflows,
};

for (const [file, named] of Object.entries(NAMED)) {
  test(`each path that ${file} names exists`, () => {
    assert.ok(named.length > 0);
    for (const path of named) {
      const found = /[*{]/.test(path)
        ? globSync(path, { cwd: ROOT, exclude: ['node_modules'] }).length > 0
        : existsSync(join(ROOT, path));
      assert.ok(found, path);
    }
  });
}
