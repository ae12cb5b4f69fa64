import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { matchesGlob, resolve } from 'node:path';
import { test } from 'node:test';
import type { Project } from '@playwright/test';
import hostConfig from '../host.config.ts';
import config from '../playwright.config.ts';
import { aloneSpecs } from './kit-specs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SPECS = globSync('kit/specs/*.spec.ts', { cwd: ROOT }).sort();
const PROJECTS = [config, hostConfig].flatMap(({ projects }) => (projects ?? []) as Project[]);

/** Returns the specs of the kit that a project of Playwright runs. */
function specsOf(project: string): string[] {
  const { testMatch, testIgnore } = PROJECTS.find(({ name }) => name === project)!;
  const matches = (globs: Project['testMatch'], path: string) =>
    [globs ?? []].flat().some((glob) => matchesGlob(path, glob as string));
  return SPECS.filter((path) => matches(testMatch, path) && !matches(testIgnore, path));
}

test('scripts/test --all runs each spec of the kit in exactly one step', () => {
  const [, all = ''] = readFileSync(resolve(ROOT, 'scripts/test'), 'utf8').split(
    /^unit_tests .* slow-more /m,
  );
  const steps = [...all.matchAll(/^end_to_end_tests (\S+)$/gm)].map(([, project]) => project!);
  assert.ok(steps.length > 1, steps.join());
  assert.deepEqual(steps.flatMap(specsOf).sort(), SPECS);
});

test('each spec that must not run beside another one exists', () => {
  assert.deepEqual(
    aloneSpecs.filter((path) => !SPECS.includes(path)),
    [],
  );
});
