import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { projectPrefix } from '../../e2e/support/run-id.ts';
import { docker, removeProject } from '../test-kit/docker.ts';

const UP = resolve(import.meta.dirname, '../../scripts/up');
/** Includes building the images. */
const DEADLINE_MS = 8 * 60_000;

test('scripts/up prints the addresses once the stack is ready; Ctrl-C removes all containers, with exit status 0', async () => {
  test.setTimeout(DEADLINE_MS + 120_000);
  const project = `${projectPrefix}-${process.pid}-up`;
  const ports = { PUBLIC_PORT: '0', METRICS_HOST_PORT: '0', PROMETHEUS_PORT: '0' };
  const up = spawn(UP, { env: { ...process.env, ...ports, COMPOSE_PROJECT_NAME: project }, stdio: 'pipe' });
  const exited = once(up, 'exit');
  let output = '';
  for (const stream of [up.stdout, up.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  try {
    await expect.poll(() => output, { timeout: DEADLINE_MS }).toContain('Press Ctrl-C to stop it.');
    const [, page] = /Ready\.\n {2}(http:\S+)/.exec(output) ?? [];
    const answer = await fetch(new URL('/ping', page));
    expect(await answer.text()).toBe('Pong');
    up.kill('SIGINT');
    expect((await exited)[0], output).toBe(0);
    const left = await docker([
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `label=com.docker.compose.project=${project}`,
    ]);
    expect(left, 'containers left').toBe('');
  } finally {
    up.kill('SIGKILL');
    removeProject(project);
  }
});
