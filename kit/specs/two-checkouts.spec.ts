import { expect, test } from '@playwright/test';
import { Checkouts } from './support/checkouts.ts';

const TIMEOUT_MS = 20 * 60_000;

let checkouts: Checkouts;
let one: string;
let two: string;

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  checkouts = new Checkouts();
  ({ clone: one } = await checkouts.cloneAndStart('one'));
  two = checkouts.clone('two');
});

test.afterAll(() => checkouts?.remove());

const scripts: [string, string[]][] = [
  ['scripts/up', ['--detach']],
  ['scripts/down', ['--volumes']],
  ['scripts/smoke', []],
  ['scripts/reload', []],
  ['scripts/deploy', []],
  ['scripts/scale', ['3']],
];

for (const [script, args] of scripts) {
  test(`${script} in a second checkout with the same project name fails and names the first`, async () => {
    test.setTimeout(TIMEOUT_MS);
    const before = await checkouts.containers();
    expect(Object.keys(before)).toHaveLength(4);
    const { code, output } = await checkouts.run(two, script, args);
    expect(code, output).toBe(1);
    expect(output).toContain(`the stack ${checkouts.project} belongs to another checkout, ${one};`);
    expect(output).toContain(`COMPOSE_PROJECT_NAME=${checkouts.project}-2`);
    expect(await checkouts.containers()).toEqual(before);
  });
}

test('scripts/up on a port of the first checkout fails before it builds or starts anything, and names the first', async () => {
  const [, port] = /:(\d+)$/.exec((await checkouts.compose(one, 'port', 'nginx', '9040')).trim()) ?? [];
  const project = `${checkouts.project}-2`;
  const env = { COMPOSE_PROJECT_NAME: project, IMAGE_TAG: project, METRICS_HOST_PORT: port };
  const { code, output } = await checkouts.run(two, 'scripts/up', ['--detach'], env);
  expect(code, output).toBe(1);
  expect(output).toContain(
    `port ${port} is published by the container ${checkouts.project}-nginx-1 of ${one}`,
  );
  expect(await checkouts.containers(project)).toEqual({});
  expect(await checkouts.images(project)).toEqual([]);
});

test('with its own project and ports a second checkout runs beside the first, and each script acts only on its own stack', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await checkouts.containers();
  const project = `${checkouts.project}-2`;
  const env = { COMPOSE_PROJECT_NAME: project };
  const run = async (script: string, ...args: string[]) => {
    const { code, output } = await checkouts.run(two, script, args, env);
    expect(code, output).toBe(0);
    return output;
  };
  try {
    expect(await run('scripts/smoke')).toContain('400 counted in total');
    expect(await checkouts.containers(project), 'the smoke test stops the stack that it started').toEqual({});
    await run('scripts/up', '--detach');
    await run('scripts/reload');
    await run('scripts/scale', '3');
    await run('scripts/down', '--volumes');
    expect(await checkouts.containers(project)).toEqual({});
  } finally {
    await checkouts.run(two, 'scripts/down', ['--volumes'], env);
  }
  expect(await checkouts.containers()).toEqual(before);
});
