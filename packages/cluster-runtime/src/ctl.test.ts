import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const CTL = fileURLToPath(new URL('./ctl.ts', import.meta.url));
/** Preloaded into ctl.ts: its clock runs 10,000 times as fast. */
const FAST_CLOCK =
  'data:text/javascript,const now = performance.now.bind(performance); performance.now = () => 10_000 * now();';

for (const [what, env, seconds] of [
  ['60 s with the default timeouts', {}, 60],
  ['longer than a longer drain', { DRAIN_TIMEOUT_MS: '600000' }, 630],
  ['longer than a longer start', { START_TIMEOUT_MS: '120000' }, 150],
] as const) {
  test(`a command fails if the status does not change for ${what}`, async (t) => {
    const status = {
      primary: { pid: process.pid },
      workers: [],
      workersDesired: 1,
      reload: { begun: 0, ended: 0, error: '' },
    };
    const server = createServer((_req, res) => res.end(JSON.stringify(status))).listen(0, '127.0.0.1');
    t.after(() => server.close());
    // The signal that a primary receives.
    const ignore = () => {};
    process.on('SIGHUP', ignore);
    t.after(() => process.off('SIGHUP', ignore));
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    execFile(
      process.execPath,
      ['--import', FAST_CLOCK, CTL, 'reload'],
      { env: { METRICS_PORT: String(port), ...env } },
      (_error, _stdout, stderr) => resolve(stderr),
    );
    const message = new RegExp(`^error: no progress for ${seconds} s; the primary continues: see its log\\.`);
    assert.match(await ended, message);
  });
}
