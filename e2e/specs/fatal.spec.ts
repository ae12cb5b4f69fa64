import { docker } from '../../kit/test-kit/docker.ts';
import { expect, test } from '../support/compose-fixtures.ts';

const START_DEADLINE_MS = 180_000;

test('a container whose app cannot start exits with 1', async ({ stack }) => {
  test.setTimeout(START_DEADLINE_MS);
  const name = `${stack.project}-fatal`;
  const run = ['run', '--no-deps', '--no-TTY', '--detach', '--name', name, '--env', 'WORKERS=many', 'app'];
  await stack.compose(...run);
  try {
    expect((await docker(['wait', name])).trim(), 'exit code').toBe('1');
    const log = await docker(['logs', name]);
    expect(log.match(/"cannot start","error":"WORKERS=/g)?.length, 'starts').toBe(4);
    expect(log).toContain('FATAL state');
  } finally {
    await docker(['rm', '--force', name]);
  }
});
