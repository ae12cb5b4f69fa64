import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { docker, dockerClient } from '../test-kit/docker.ts';
import { Checkouts } from './support/checkouts.ts';
import { type Behaviour, FakeRegistry } from './support/fake-registry.ts';

/**
 * Tests .ci/base-images in a checkout whose app image starts from a fake registry. The stand-in is an empty image that the test makes,
 * so no stand-in is built and no image of another run changes.
 */

let registry: FakeRegistry;
let checkouts: Checkouts;
let clone: string;
let dockerfile: string;
let official: string;
let standIn: string;

test.beforeAll(() => {
  checkouts = new Checkouts();
  clone = checkouts.clone('one');
  dockerfile = join(clone, 'demo-app/Dockerfile');
});

test.afterAll(() => checkouts?.remove());

test.beforeEach(async () => {
  registry = await FakeRegistry.start();
  const tag = `26-${checkouts.project}`;
  official = `${registry.host}/node:${tag}`;
  standIn = `pandoras-express/stand-in-node:${tag}`;
  from(official);
});

test.afterEach(async () => {
  registry.stop();
  for (const name of [official, standIn]) if (await isHere(name)) await docker(['image', 'rm', name]);
});

const FROM = /^FROM (\S+) AS official$/m;
const fromLine = () => FROM.exec(readFileSync(dockerfile, 'utf8'))![1]!;

function from(image: string): void {
  writeFileSync(dockerfile, readFileSync(dockerfile, 'utf8').replace(FROM, `FROM ${image} AS official`));
}

/** Runs .ci/base-images without the NODE_BASE of the test run. */
function baseImages(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return checkouts.run(clone, '.ci/base-images', [...args, 'demo-app'], { NODE_BASE: '', ...env });
}

const isHere = (name: string) =>
  docker(['image', 'inspect', name]).then(
    () => true,
    () => false,
  );
const isOf = async (name: string) =>
  (await docker(['image', 'inspect', '--format', '{{.Config.Labels.is}}', name])).trim();

/** Makes an empty image that .ci/lib/stand-ins.sh accepts as a current stand-in. */
function makeStandIn(name: string): void {
  const libraries =
    'for f in scripts/lib/say .ci/lib/apt .ci/lib/engine scripts/lib/node scripts/lib/npm scripts/lib/bases .ci/lib/stand-ins; do . "$root/$f.sh"; done';
  const make = `tar -c -T /dev/null | "$1" import --change "LABEL $stand_in_label=$(recipe_hash "$2")" - "$2" >/dev/null`;
  execFileSync('sh', ['-euc', `root=$0; ${libraries}; ${make}`, clone, dockerClient(), name]);
}

async function expectStandIn({ code, output }: { code: unknown; output: string }): Promise<void> {
  expect(code, output).toBe(0);
  expect(output).toContain(`NODE_BASE=${standIn}\n`);
  expect(output).toMatch(
    /: no registry can be reached \(.*\); once one answers, the official image is used\. Using pandoras-express\/stand-in-node:/,
  );
  expect(await isHere(official), 'no image has the official name').toBe(false);
}

test('an image that its registry serves is pulled and used', async () => {
  const { code, output } = await baseImages();
  expect(code, output).toBe(0);
  expect(output).toContain('NODE_BASE=official\n');
  expect(await isOf(official)).toBe('first');
});

const OUT_OF_REACH: readonly Behaviour[] = ['resets', 'closes', 'hangs'];
for (const behaviour of OUT_OF_REACH) {
  test(`a registry that ${behaviour} counts as unreachable: a stand-in is used, with a warning`, async () => {
    makeStandIn(standIn);
    registry.behaviour = behaviour;
    await expectStandIn(await baseImages());
    expect(registry.requests).toBeGreaterThan(0);
  });
}

test('a registry that accepts no connection counts as unreachable, and each run warns', async () => {
  makeStandIn(standIn);
  registry.stop();
  await expectStandIn(await baseImages());
  await expectStandIn(await baseImages());
});

const ANSWERS: readonly [Behaviour, RegExp][] = [
  [{ status: 429, code: 'TOOMANYREQUESTS' }, /docker login.*mirror/],
  [{ status: 403, code: 'DENIED' }, /docker login/],
  [{ status: 401, code: 'UNAUTHORIZED' }, /docker login/],
  [{ status: 403, code: 'html' }, /a proxy denies/],
  [{ status: 404, code: 'MANIFEST_UNKNOWN' }, /check the line FROM .* in demo-app\/Dockerfile/],
  [{ status: 500, code: 'UNKNOWN' }, /Try again later/],
  [{ status: 503, code: 'html' }, /Try again later/],
  [{ status: 429, code: 'TOOMANYREQUESTS', at: 'blob' }, /docker login/],
  [{ status: 503, code: 'html', at: 'blob' }, /Try again later/],
  [{ resetsAt: 'manifest' }, /mirror/],
  [{ resetsAt: 'blob' }, /mirror/],
];
for (const [behaviour, advice] of ANSWERS) {
  test(`a failing registry is an error with advice, and no stand-in is used: ${JSON.stringify(behaviour)}`, async () => {
    makeStandIn(standIn);
    registry.behaviour = behaviour;
    const { code, output } = await baseImages();
    expect(code, output).toBe(1);
    expect(output).toContain(`error: ${official} cannot be pulled: `);
    expect(output).toMatch(advice);
    expect(output).toContain('No stand-in is used');
    expect(output).not.toContain('NODE_BASE=pandoras');
  });
}

test('once the registry answers, the official image replaces the stand-in', async () => {
  makeStandIn(standIn);
  registry.behaviour = 'closes';
  await expectStandIn(await baseImages());
  registry.behaviour = 'serves';
  const { code, output } = await baseImages();
  expect(code, output).toBe(0);
  expect(output).toContain('NODE_BASE=official\n');
  expect(output).toContain(`its stand-in ${standIn} is removed`);
  expect([await isHere(official), await isHere(standIn)]).toEqual([true, false]);
});

test('a local image is used even if its registry fails', async () => {
  await baseImages();
  for (const behaviour of ['closes', { status: 429, code: 'TOOMANYREQUESTS' }] as const) {
    registry.behaviour = behaviour;
    for (const BASE_DAYS of ['', '0']) {
      const { code, output } = await baseImages([], { BASE_DAYS });
      expect(code, output).toBe(0);
      expect(output).toContain('NODE_BASE=official\n');
      expect(output.includes('cannot be renewed now'), output).toBe(BASE_DAYS === '0');
    }
  }
});

test('an image older than BASE_DAYS is pulled again; for a newer one no registry is contacted', async () => {
  await baseImages();
  registry.publish('second');
  const { requests } = registry;
  await baseImages();
  expect([await isOf(official), registry.requests]).toEqual(['first', requests]);
  await baseImages([], { BASE_DAYS: '0' });
  expect(await isOf(official)).toBe('second');
});

test('a stand-in under the official name, as earlier versions built it, loses that name', async () => {
  makeStandIn(official);
  registry.behaviour = 'closes';
  const found = await baseImages();
  await expectStandIn(found);
  expect(found.output).toContain('that name is removed');
});

test('--pull writes the digest beside the tag, updates it when the tag moves, and builds use it', async () => {
  const first = registry.publish('first');
  expect((await baseImages(['--pull'])).output).toContain('Commit it');
  expect(fromLine()).toBe(`${official}@${first}`);
  const second = registry.publish('second');
  const unmoved = await baseImages([], { BASE_DAYS: '0' });
  expect(unmoved.output, 'a digest changes only with --pull').toBe('NODE_BASE=official\n');
  expect((await baseImages(['--pull'])).code).toBe(0);
  expect(fromLine()).toBe(`${official}@${second}`);
  expect((await baseImages(['--pull'])).output, 'nothing to commit').not.toContain('Commit');

  const lines = readFileSync(dockerfile, 'utf8')
    .split('\n')
    .filter((line) => /^(ARG|FROM) .*official/.test(line));
  const built = `${checkouts.project}-pinned:${checkouts.project}`;
  writeFileSync(
    join(clone, 'pinned.Dockerfile'),
    `${lines.join('\n')}\nFROM \${NODE_BASE}\nLABEL built=yes\n`,
  );
  await docker(['build', '--tag', built, '--file', join(clone, 'pinned.Dockerfile'), clone]);
  expect(await isOf(built)).toBe('second');
});

test('--pull fails with advice if a local image cannot be renewed', async () => {
  await baseImages();
  registry.behaviour = 'closes';
  const { code, output } = await baseImages(['--pull']);
  expect(code, output).toBe(1);
  expect(output).toContain('cannot be renewed: no registry can be reached');
  expect(output).toContain('Without --pull, the local image is used.');
  registry.behaviour = { status: 429, code: 'TOOMANYREQUESTS' };
  expect((await baseImages(['--pull'])).output).toContain('docker login');
});

test('an image chosen in the environment or in .env is used unchanged', async () => {
  registry.behaviour = { status: 403, code: 'DENIED' };
  const mirror = 'mirror.example/node:26';
  expect((await baseImages([], { NODE_BASE: mirror })).output).toBe(`NODE_BASE=${mirror}\n`);
  writeFileSync(join(clone, '.env'), `NODE_BASE="${mirror}" # ours\n`);
  expect((await baseImages()).output).toBe(`NODE_BASE=${mirror}\n`);
  writeFileSync(join(clone, '.env'), '');
  makeStandIn(standIn);
  expect((await baseImages([], { NODE_BASE: standIn })).output).toContain(`NODE_BASE=${standIn}\n`);
  expect(registry.requests).toBe(0);
});
