import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/fixtures.ts';
import type { LoggedService, Stack } from '../support/stack.ts';

const DEADLINE = { deadlineMs: 30_000 };

/** Returns the JSON log lines of a service with this request id. */
async function linesAbout(
  stack: Stack,
  service: LoggedService,
  id: string,
): Promise<Record<string, unknown>[]> {
  const lines = (await stack.log(service))
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(id));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('the same id is in the response to a failed request, in the log of nginx and in the log of the app', async ({
  stack,
}) => {
  const forged = 'an-id-that-a-client-chose';
  const answer = await fetch(`${stack.publicUrl}/demo/faults/error?token=secret`, {
    method: 'POST',
    headers: { 'X-Request-Id': forged },
  });
  expect(answer.status).toBe(500);
  expect(await answer.text()).toBe('Internal server error');
  const id = answer.headers.get('x-request-id') ?? '';
  expect(id).toMatch(/^[0-9a-f]{32}$/);

  const app = await poll(
    'both lines of the app',
    async () => {
      const lines = await linesAbout(stack, 'app', id);
      return lines.length >= 2 ? lines : undefined;
    },
    DEADLINE,
  );
  expect(app.map(({ msg, request_id, trace_id }) => [msg, request_id, trace_id])).toEqual([
    ['error in a request', id, id],
    ['request failed', id, id],
  ]);
  expect(app[0]).toMatchObject({ error: 'failed on demand by /demo/faults/error' });
  expect(app[1]).toMatchObject({ method: 'POST', path: '/demo/faults/error', status: 500 });
  const nginx = await poll(
    'the line of nginx',
    async () => {
      const lines = await linesAbout(stack, 'nginx', id);
      return lines.length > 0 ? lines : undefined;
    },
    DEADLINE,
  );
  expect(nginx).toEqual([expect.objectContaining({ request_id: id, method: 'POST', status: '500' })]);
  expect(await linesAbout(stack, 'app', forged), 'an id sent by the client is ignored').toEqual([]);
});
