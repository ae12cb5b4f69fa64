import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { ports, runApp } from './support/run-app.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));
/** Preloaded into the application: each process logs which parts of undici it has loaded, once it listens. */
const REPORT = `
  import { Server } from 'node:net';
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (...args) {
    this.once('listening', () => {
      const loaded = process.moduleLoadList.filter((name) => name.includes('deps/undici'));
      console.log(JSON.stringify({ msg: 'listens', pid: process.pid, loaded }));
    });
    return listen.apply(this, args);
  };`;

test('the primary and the workers do not load undici', async (t) => {
  const preload = `--import=data:text/javascript,${encodeURIComponent(REPORT)}`;
  const env = { WORKERS: '1', NODE_OPTIONS: preload, PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) };
  const app = runApp(t, MAIN, env);
  await ports(app);
  const [first, second] = [await app.line('listens'), await app.line('listens', 2)];
  assert.notEqual(first.pid, second.pid);
  assert.deepEqual([first.loaded, second.loaded], [[], []]);
});
