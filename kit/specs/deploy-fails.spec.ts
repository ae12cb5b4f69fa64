import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import { Checkouts } from './support/checkouts.ts';
import { startPings } from './support/pings.ts';

const TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 120_000, everyMs: 100 };

test.describe.configure({ mode: 'serial' });

let checkouts: Checkouts;
let clone: string;
let publicUrl: string;

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  checkouts = new Checkouts();
  ({ clone } = await checkouts.cloneAndStart('one'));
  publicUrl = `http://127.0.0.1:${await checkouts.publishedPort('nginx', 8040)}`;
});

test.beforeEach(() => test.setTimeout(TIMEOUT_MS));

test.afterAll(() => checkouts?.remove());

const apps = async () =>
  Object.entries(await checkouts.containers())
    .filter(([name]) => /-app-\d+$/.test(name))
    .map(([, id]) => id);

/** The id of the image that the next container would be started from. */
const image = () =>
  docker(['image', 'inspect', '--format', '{{.Id}}', `pandoras-express-app:${checkouts.project}`]);

const networksOf = (container: string) =>
  docker([
    'inspect',
    '--format',
    '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}',
    container,
  ]);

const inSource = (code: string) => (text: string) => `${text}\n${code}\n`;

const broken: [string, string, (text: string) => string, RegExp][] = [
  [
    'a version that cannot start',
    'demo-app/src/app.ts',
    inSource("throw new Error('broken on purpose');"),
    /broken on purpose(?:.|\n)*error: the new version exited in its first seconds/,
  ],
  [
    'a version whose workers die in their first seconds',
    'demo-app/src/app.ts',
    inSource("setTimeout(() => { throw new Error('broken later'); }, 2500);"),
    /broken later(?:.|\n)*error: a worker of the new version exited in its first seconds: .*"reason":"uncaught"/,
  ],
  [
    'a version that cannot be built',
    'demo-app/src/app.ts',
    inSource('const = 1;'),
    /error: the build failed/,
  ],
  [
    'a configuration that nginx rejects',
    'nginx/public.conf',
    (text) => text.replace('server_name _;', 'server_name _; broken_on_purpose;'),
    /unknown directive "broken_on_purpose"(?:.|\n)*error: nginx rejects its configuration/,
  ],
];

for (const [what, path, change, reason] of broken) {
  test(`${what} ends the deploy with 1 and the reason; the old one serves on untouched`, async () => {
    const [containers, before] = [await checkouts.containers(), await image()];
    const restore = checkouts.edit(clone, path, change);
    const load = startPings(publicUrl);
    try {
      const { code, output } = await checkouts.run(clone, 'scripts/deploy');
      expect(code, output).toBe(1);
      expect(output).toMatch(reason);
    } finally {
      restore();
    }
    const { sent, byStatus } = await load.stop();
    expect(byStatus).toEqual({ 200: sent });
    expect(await checkouts.containers()).toEqual(containers);
    expect(await image()).toBe(before);
  });
}

test('a second deploy is refused while one runs; that one loads the changed files of nginx', async () => {
  const before = await apps();
  checkouts.edit(clone, 'nginx/long-requests.conf', (text) => `${text}location = /added { return 204; }\n`);
  expect((await fetch(`${publicUrl}/added`)).status).toBe(404);
  const first = checkouts.start(clone, 'scripts/deploy');
  await poll('a second container', async () => (await apps()).length === 2 || undefined, DEADLINE);
  const second = await checkouts.run(clone, 'scripts/deploy');
  expect(second.code).toBe(1);
  expect(second.output).toContain(`error: a deploy is running: process ${first.child.pid}\n`);
  const { code, output } = await first.ended;
  expect(code, output).toBe(0);
  expect(output).toContain('\nreloaded: nginx\n');
  const after = await apps();
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  await poll(
    'the new path',
    async () => (await fetch(`${publicUrl}/added`)).status === 204 || undefined,
    DEADLINE,
  );
});

test('Ctrl-C before the new version serves removes it', async () => {
  const containers = await checkouts.containers();
  const { child, ended } = checkouts.start(clone, 'scripts/deploy');
  await poll('a second container', async () => (await apps()).length === 2 || undefined, DEADLINE);
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect(code, output).toBe(130);
  expect(await checkouts.containers()).toEqual(containers);
});

test('Ctrl-C while the new version is watched drains and removes it; no request fails', async () => {
  const containers = await checkouts.containers();
  const load = startPings(publicUrl);
  const { child, ended } = checkouts.start(clone, 'scripts/deploy');
  const added = await poll(
    'a second container',
    async () => (await apps()).find((id) => !Object.values(containers).includes(id)),
    DEADLINE,
  );
  const log = docker(['logs', '--follow', added]);
  await poll(
    'its first requests',
    async () => (await networksOf(added)).includes('_backend') || undefined,
    DEADLINE,
  );
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect(code, output).toBe(130);
  expect(await log).toContain('"msg":"drained; exiting"');
  const { sent, byStatus } = await load.stop();
  expect(byStatus).toEqual({ 200: sent });
  expect(await checkouts.containers()).toEqual(containers);
});

test('after SIGKILL before the new version serves, the next command removes it', async () => {
  const containers = await checkouts.containers();
  const { child, ended } = checkouts.start(clone, 'scripts/deploy');
  await poll('a second container', async () => (await apps()).length === 2 || undefined, DEADLINE);
  child.kill('SIGKILL');
  await ended;
  const { code, output } = await checkouts.run(clone, 'scripts/reload');
  expect(code, output).toBe(0);
  expect(output).toContain('Putting an interrupted deploy right.');
  expect(await checkouts.containers()).toEqual(containers);
});

test('after SIGKILL while the old version drains, the next command finishes the deploy; no request fails', async () => {
  const before = await apps();
  const load = startPings(publicUrl);
  const { child, ended } = checkouts.start(clone, 'scripts/deploy');
  let output = '';
  child.stderr!.on('data', (text: string) => {
    output += text;
  });
  await poll('the drain', () => output.includes('Draining ') || undefined, DEADLINE);
  child.kill('SIGKILL');
  await ended;
  const next = await checkouts.run(clone, 'scripts/reload');
  expect(next.code, next.output).toBe(0);
  const { sent, byStatus } = await load.stop();
  expect(byStatus).toEqual({ 200: sent });
  const after = await apps();
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  expect(existsSync(join(clone, '.deploy', `${checkouts.project}.lock`))).toBe(false);
});
