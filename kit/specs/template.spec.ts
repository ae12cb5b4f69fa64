import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { projectPrefix } from '../../e2e/support/run-id.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { TEMPLATE_NAME } from '../../scripts/lib/project-name.ts';
import { docker, removeProject } from '../test-kit/docker.ts';
import { total } from '../test-kit/exposition.ts';
import { scrape } from '../test-kit/scrape.ts';
import { commitAll, createUpstream, git } from '../test-kit/upstream.ts';
import { environmentOf } from './support/checkouts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NAME = 'foreign-service';
const TIMEOUT_MS = 12 * 60_000;
const ANSWER_TIMEOUT_MS = 10_000;

const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const isTemplate = name === TEMPLATE_NAME;

/** The version of Fastify in this checkout. */
const fastify = (): string => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/fastify/package.json'), 'utf8'));
  return `fastify@${version}`;
};

test('the smoke test passes in a renamed clone of the template with a Fastify app', async () => {
  test.setTimeout(TIMEOUT_MS);
  const directory = temporaryDirectory(thisProcess);
  const project = `${projectPrefix}-${process.pid}-template`;
  const clone = join(directory, NAME);
  // Builds print only errors.
  const env = { ...environmentOf(project), BUILDKIT_PROGRESS: 'quiet' };
  /** Runs a command and returns its output. Rejects with the output if it fails. */
  const run = (command: string, ...args: string[]): Promise<string> =>
    new Promise((done, failed) => {
      execFile(command, args, { cwd: clone, env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
        const output = `$ ${[command, ...args].join(' ')}\n${stdout}${error ? stderr : ''}`.trimEnd();
        console.log(output);
        if (error) failed(new Error(`${command} exited with ${error.code ?? error.signal}:\n${output}`));
        else done(output);
      });
    });

  createUpstream(join(directory, 'upstream'));
  git(directory, 'clone', '--quiet', 'upstream', NAME);
  try {
    // A renamed project keeps its name.
    if (isTemplate) {
      await run('scripts/rename-template', NAME);
      commitAll(clone, `Rename to ${NAME}`);
    }

    const app = join(clone, 'demo-app/src');
    for (const name of ['app.ts', 'app.test.ts', 'routes.ts', 'metrics.ts']) rmSync(join(app, name));
    rmSync(join(app, 'demo'), { recursive: true, force: true });
    const main = readFileSync(join(app, 'main.ts'), 'utf8');
    writeFileSync(join(app, 'main.ts'), main.replace(/^.*delete demo\/ and this line.*\n/m, ''));
    cpSync(join(ROOT, 'kit/specs/foreign-app'), app, { recursive: true });
    // Updates only package.json and the lock file: `npm ci` runs in the image.
    const install = ['install', '--package-lock-only', '--save-exact', '--no-audit', '--no-fund'];
    await run('npm', ...install, '--workspace=demo-app', fastify());
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    await run('node_modules/.bin/tsc');

    const [, page] = /Ready\.\n {2}(http:\S+)/.exec(await run('scripts/up', '--detach')) ?? [];
    const smoke = await run('scripts/smoke', '/greet/Ada', '/greet/:name');
    expect(smoke).toContain('400 counted in total');

    // The app's own counter is exact, too, and the demonstration's routes do not exist.
    const file = join(clone, 'docker-compose.yml');
    const published = await docker(
      ['compose', '--file', file, '--project-name', project, 'port', 'nginx', '9040'],
      env,
    );
    const [, metricsPort] = /:(\d+)$/.exec(published.trim()) ?? [];
    const metrics = await scrape(`http://127.0.0.1:${metricsPort}/metrics`, ANSWER_TIMEOUT_MS);
    expect(total(metrics, 'greetings_total', { language: 'en' })).toBe(400);
    expect(total(metrics, 'ping_responses_total', {})).toBe(0);
    expect((await fetch(new URL('/ping', page))).status).toBe(404);
    if (isTemplate) {
      expect(await (await fetch(page!)).text()).toContain('<title>Foreign Service');
    }
    await run('scripts/down', '--volumes');
  } finally {
    removeProject(project);
    // Only images with the project's name: another project may use the others.
    const images = ['images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${NAME}-*`];
    const named = (await docker(images)).split('\n').filter(Boolean);
    if (named.length > 0) await docker(['image', 'rm', ...named]);
  }
});
