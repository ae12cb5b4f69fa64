import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { docker } from '../test-kit/docker.ts';
import { Checkouts } from './support/checkouts.ts';
import { startPings } from './support/pings.ts';

const TIMEOUT_MS = 20 * 60_000;

test.describe.configure({ mode: 'serial' });

let checkouts: Checkouts;
let clone: string;
let publicUrl: string;

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  checkouts = new Checkouts();
  const started = await checkouts.cloneAndStart('one');
  clone = started.clone;
  expect(started.output, 'the first start tries no build beside a running stack').not.toContain(
    'trying the new build',
  );
  expect(await checkouts.ports()).not.toEqual([]);
  publicUrl = `http://127.0.0.1:${await checkouts.publishedPort('nginx', 8040)}`;
});

test.afterAll(() => checkouts?.remove());

const startRequests = () => startPings(publicUrl);

const edit = (path: string, change: (text: string) => string) => checkouts.edit(clone, path, change);

const broken: [string, string, (text: string) => string, RegExp][] = [
  [
    'an app that cannot start',
    'demo-app/src/app.ts',
    (text) => `${text}\nthrow new Error('broken on purpose');\n`,
    /broken on purpose/,
  ],
  [
    'an image that cannot be built',
    'nginx/public.conf',
    (text) => text.replace('server_name _;', 'server_name _; broken_on_purpose;'),
    /broken_on_purpose/,
  ],
  [
    'a Prometheus that cannot start',
    'prometheus/prometheus.yml',
    (text) => `${text}\nbroken_on_purpose: true\n`,
    /broken_on_purpose/,
  ],
];

for (const [what, path, change, reason] of broken) {
  test(`${what} makes scripts/up fail with the reason; the stack keeps running and answers every request`, async () => {
    test.setTimeout(TIMEOUT_MS);
    const before = await checkouts.containers();
    const images = await checkouts.images();
    expect(Object.keys(before)).toHaveLength(4);
    const load = startRequests();
    const restore = edit(path, change);
    const { code, output } = await checkouts.run(clone, 'scripts/up', ['--detach']);
    restore();
    const { sent, byStatus, byCause } = await load.stop();
    console.log(`${what}: ${sent} requests meanwhile, ${JSON.stringify({ byStatus, byCause })}`);

    expect(code, output).toBe(1);
    expect(output).toMatch(reason);
    expect(output).toContain('error: the new build does not start');
    expect(output).toContain('The running stack was not changed.');
    expect(sent).toBeGreaterThan(0);
    expect({ byStatus, byCause }).toEqual({ byStatus: { 200: sent }, byCause: {} });
    expect(await checkouts.containers(), 'the same containers').toEqual(before);
    expect(await checkouts.containers(`${checkouts.project}-trial`), 'containers of the trial').toEqual({});
    expect(await checkouts.images(`${checkouts.project}-trial`), 'images of the trial').toEqual([]);
    expect(await checkouts.images()).toEqual(images);
  });
}

test('Ctrl-C while scripts/up tries a new build removes the trial, and the stack keeps running', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await checkouts.containers();
  const restore = edit('demo-app/src/app.ts', (text) => `await new Promise(() => {});\n${text}`);
  try {
    const interrupted = checkouts.start(clone, 'scripts/up');
    await expect
      .poll(async () => Object.keys(await checkouts.containers(`${checkouts.project}-trial`)).length, {
        timeout: TIMEOUT_MS,
      })
      .toBeGreaterThan(0);
    expect(await checkouts.ports(`${checkouts.project}-trial`), 'published by the trial').toEqual([]);
    interrupted.child.kill('SIGINT');
    const { code, output } = await interrupted.ended;
    expect(code, output).toBe(130);
    expect(await checkouts.containers()).toEqual(before);
    expect(await checkouts.containers(`${checkouts.project}-trial`)).toEqual({});
    expect(await (await fetch(`${publicUrl}/ping`)).text()).toBe('Pong');
  } finally {
    restore();
  }
});

test('a working build replaces only the containers that changed', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await checkouts.containers();
  edit('demo-app/src/routes.ts', (text) => text.replace("'Pong'", "'Pong again'"));
  const load = startRequests();
  const { code, output } = await checkouts.run(clone, 'scripts/up', ['--detach']);
  const { sent, byStatus, byCause } = await load.stop();
  console.log(`a new app: ${sent} requests meanwhile, ${JSON.stringify({ byStatus, byCause })}`);
  expect(code, output).toBe(0);
  expect(output).toContain('Ready.');
  // While the app is replaced, nginx answers 503 with Retry-After; no connection fails.
  expect({
    statuses: Object.keys(byStatus).filter((status) => !['200', '503'].includes(status)),
    byCause,
  }).toEqual({
    statuses: [],
    byCause: {},
  });
  expect(output, 'no route of the app is printed').not.toContain('/ping');
  expect(await (await fetch(`${publicUrl}/ping`)).text()).toBe('Pong again');
  const after = await checkouts.containers();
  const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
  expect(changed).toEqual([`${checkouts.project}-app-1`]);
  expect(await checkouts.containers(`${checkouts.project}-trial`)).toEqual({});
});

// In this file, because a build without cache replaces the layers that all checkouts share: another `up` beside it would find new images.
test('scripts/up --pull installs all packages again, and later builds keep them', async () => {
  test.setTimeout(TIMEOUT_MS);
  const env = await baseImagesOfTest();
  const layers = async () =>
    JSON.parse(
      await docker([
        'image',
        'inspect',
        '--format',
        '{{json .RootFS.Layers}}',
        `pandoras-express-app:${checkouts.project}`,
      ]),
    ) as string[];
  const first = await layers();
  const { code, output } = await checkouts.run(clone, 'scripts/up', ['--detach', '--pull'], env);
  expect(code, output).toBe(0);
  const renewed = await layers();
  expect(renewed).not.toEqual(first);
  const build = ['compose', '--project-directory', clone, 'build', '--quiet', 'app'];
  await docker(build, { ...checkouts.env, ...env }, TIMEOUT_MS);
  expect(await layers(), 'a later build keeps the new packages').toEqual(renewed);
  expect(
    await checkouts.images(`${checkouts.project}-trial`),
    'leftover images of the trial, the stack that scripts/up starts to try a new build',
  ).toEqual([]);
});

/** Tags the base images in use with names of this test, so no registry is contacted and no stand-in of the run is rebuilt. */
async function baseImagesOfTest(): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const folder of ['demo-app', 'nginx', 'nginx/exporter', 'prometheus']) {
    const [, argument, official] = /^ARG (\w+)=official\nFROM (\S+) AS official$/m.exec(
      readFileSync(join(clone, folder, 'Dockerfile'), 'utf8'),
    )!;
    const chosen = process.env[argument!] ?? 'official';
    env[argument!] = `${argument!.toLowerCase()}:${checkouts.project}`;
    await docker(['image', 'tag', chosen === 'official' ? official! : chosen, env[argument!]!]);
  }
  return env;
}
