import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../packages/prom-multiproc/test/support/free-ports.ts';
import { poll } from '../packages/prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const TRACE = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'vendor=value',
};

/** Runs nginx with the configuration of the checkout. Returns which headers of a trace the app gets. */
async function startNginx(
  t: TestContext,
  accepts: boolean,
): Promise<(headers: Record<string, string>) => Promise<object>> {
  const app = createServer(({ headers: { traceparent, tracestate } }, res) => {
    res.end(JSON.stringify({ traceparent, tracestate }));
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const directory = temporaryDirectory(t);
  const configuration = join(directory, 'nginx');
  cpSync(import.meta.dirname, configuration, { recursive: true });
  if (accepts) {
    mkdirSync(join(directory, 'added'));
    cpSync(join(configuration, 'traceparent.map'), join(directory, 'added/traceparent.map'));
  }
  const [port] = await freePorts();
  const upstreams = ['application', 'application_long', 'application_health'].map(
    (name) => `upstream ${name} { server 127.0.0.1:${(app.address() as AddressInfo).port}; }\n`,
  );
  const server = `server { listen 127.0.0.1:${port}; include public.conf; }\n`;
  writeFileSync(join(directory, 'mode.conf'), upstreams.join('') + server);
  const args = ['-p', directory, '-e', 'stderr', '-c', join(configuration, 'nginx.conf')];
  // The access log cannot be a socket. nginx is in sbin, which is not on the PATH of every user.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const nginx = spawn('nginx', [...args, '-g', 'daemon off; master_process off;'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(nginx, 'exit');
  t.after(async () => {
    nginx.kill('SIGKILL');
    await exited;
    app.closeAllConnections();
    app.close();
  });
  const send = async (headers: Record<string, string>) =>
    (await (await fetch(`http://127.0.0.1:${port}/hello`, { headers })).json()) as object;
  await poll('nginx', () => send({}), { deadlineMs: 15_000, everyMs: 20 });
  return send;
}

test('nginx removes the trace of a client', async (t) => {
  const send = await startNginx(t, false);
  assert.deepEqual(await send(TRACE), {});
});

test('with traceparent.map nginx passes a trace on, but not without a traceparent of its form', async (t) => {
  const send = await startNginx(t, true);
  assert.deepEqual(await send(TRACE), TRACE);
  assert.deepEqual(await send({ ...TRACE, traceparent: '00-lie' }), {});
  assert.deepEqual(await send({ tracestate: TRACE.tracestate }), {});
});
