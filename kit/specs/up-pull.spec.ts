import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { docker } from '../test-kit/docker.ts';
import { Checkouts } from './support/checkouts.ts';

/** The test builds all images twice without cache. */
const TIMEOUT_MS = 20 * 60_000;
let checkouts: Checkouts;

test.beforeAll(() => {
  checkouts = new Checkouts();
});

test.afterAll(() => checkouts?.remove());

test('scripts/up --pull installs all packages again, and later builds keep them', async () => {
  test.setTimeout(TIMEOUT_MS);
  const clone = checkouts.clone('one');
  // Tags of the test, so no registry is contacted and no stand-in of the run is rebuilt.
  const env: Record<string, string> = {};
  for (const folder of ['demo-app', 'nginx', 'nginx/exporter', 'prometheus']) {
    const [, argument, official] = /^ARG (\w+)=official\nFROM (\S+) AS official$/m.exec(
      readFileSync(join(clone, folder, 'Dockerfile'), 'utf8'),
    )!;
    const chosen = process.env[argument!] ?? 'official';
    env[argument!] = `${argument!.toLowerCase()}:${checkouts.project}`;
    await docker(['image', 'tag', chosen === 'official' ? official! : chosen, env[argument!]!]);
  }
  const up = async (...args: string[]) => {
    const { code, output } = await checkouts.run(clone, 'scripts/up', ['--detach', ...args], env);
    expect(code, output).toBe(0);
    const image = `pandoras-express-app:${checkouts.project}`;
    return JSON.parse(
      await docker(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', image]),
    ) as string[];
  };

  const first = await up();
  const renewed = await up('--pull');
  expect(renewed).not.toEqual(first);
  expect(await up(), 'a later build keeps the new packages').toEqual(renewed);
  expect(
    await checkouts.images(`${checkouts.project}-trial`),
    'leftover images of the trial, the stack that scripts/up starts to try a new build',
  ).toEqual([]);
});
