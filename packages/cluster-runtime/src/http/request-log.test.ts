import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { change, copyOfApp } from '../../test/support/app-copy.ts';
import { listen } from '../../test/support/listen.ts';
import { logged } from '../../test/support/logged.ts';
import { ports, runApp } from '../../test/support/run-app.ts';
import { log } from '../core/log.ts';
import { inRequestContext } from './in-request-context.ts';
import { logRequests } from './request-log.ts';
import { chain } from './step.ts';

const SLOW_MS = 20;

async function serve(
  t: TestContext,
  slowMs: number,
): Promise<(path: string, id?: string) => Promise<Response>> {
  const app = express();
  app.get('/fine', async (_req, res) => {
    await delay(1);
    setImmediate(() => {
      log('info', 'from a callback of a callback');
      res.send('ok');
    });
  });
  app.get('/slow', async (_req, res) => {
    await delay(2 * SLOW_MS);
    res.send('ok');
  });
  app.get('/failed', (_req, res) => void res.status(502).send('no'));
  const { url } = await listen(t, chain([logRequests(slowMs)], inRequestContext(app)));
  return async (path, id) => {
    const headers = { connection: 'close', ...(id !== undefined && { 'x-request-id': id }) };
    const answer = await fetch(url + path, { headers });
    await answer.text();
    return answer;
  };
}

test('log lines of a request carry its id, and other lines carry none', async (t) => {
  const lines = logged(t);
  const send = await serve(t, 60_000);
  const ids = ['one', 'two', 'three'];
  await Promise.all(ids.map((id) => send('/fine', id)));
  log('info', 'outside');
  assert.deepEqual(lines.map(({ request_id }) => request_id).sort(), ['one', 'three', 'two', undefined]);
});

test('a missing or malformed X-Request-Id is replaced by a new id', async (t) => {
  const send = await serve(t, 60_000);
  const idOf = async (id?: string) => (await send('/fine', id)).headers.get('x-request-id');
  assert.equal(await idOf('0c5a5f0b'), '0c5a5f0b');
  const made = await Promise.all([idOf(), idOf(''), idOf('x'.repeat(65)), idOf('a b'), idOf('"}{"')]);
  for (const id of made) assert.match(String(id), /^[0-9a-f-]{36}$/);
  assert.equal(new Set(made).size, made.length);
});

test('failed and slow requests are logged once, with their id and without their query; others are not logged', async (t) => {
  const lines = logged(t);
  const [patient, strict] = [await serve(t, 60_000), await serve(t, SLOW_MS)];
  const about = async (id: string) => {
    await until(`a line about ${id}`, () =>
      lines.some(({ msg, request_id }) => request_id === id && msg !== 'from a callback of a callback'),
    );
    return lines
      .filter(({ request_id }) => request_id === id)
      .map(({ msg, path, status }) => [msg, path, status]);
  };
  await patient('/fine', 'fine');
  await patient('/failed?token=secret', 'failed');
  await strict('/slow?token=secret', 'slow');
  assert.deepEqual(await about('failed'), [['request failed', '/failed', 502]]);
  assert.deepEqual(await about('slow'), [['slow request', '/slow', 200]]);
  assert.deepEqual(
    lines.filter(({ request_id }) => request_id === 'fine').map(({ msg }) => msg),
    ['from a callback of a callback'],
  );
});

for (const [when, thrown] of [
  ['at once', "throw new Error('at once')"],
  ['later', "setTimeout(() => { throw new Error('later'); })"],
] as const) {
  test(`an error that a request throws ${when} ends the worker and is logged with the id of the request`, async (t) => {
    const source = copyOfApp(t);
    change(join(source, 'app/routes.ts'), "send('Pong')", thrown);
    const app = runApp(t, join(source, 'main.ts'), { WORKERS: '1' });
    const { app: url } = await ports(app);
    await assert.rejects(fetch(`${url}/ping`, { headers: { 'x-request-id': 'the-one' } }));
    const { error, request_id, requests_in_flight } = await app.line('uncaught exception');
    assert.deepEqual([error, request_id, requests_in_flight], [when, 'the-one', ['the-one']]);
  });
}
