import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Settings } from 'cluster-runtime';
import { demo } from './demo.ts';

/** Returns the number of routes of a worker and the paths on the metrics server that the demonstration adds. */
async function partsWith(env: NodeJS.ProcessEnv): Promise<[routes: number, pages: string[]]> {
  const { worker, primary } = await demo(env);
  const settings = { metrics: true, metricsDirectory: '/run/metrics' } as Settings;
  const { routes: ofWorker = new Map() } = worker!({ settings, send() {}, reload() {} });
  const { routes = new Map() } = primary!({ settings, readyWorkers: () => [] });
  return [ofWorker.size, [...routes.keys()]];
}

test('a part that is switched off adds no route', async () => {
  assert.deepEqual(await partsWith({ DEMO_PAGE: '0', DEMO_CONTROLS: '0' }), [0, []]);
  assert.deepEqual(await partsWith({ DEMO_PAGE: '1', DEMO_CONTROLS: '0' }), [1, []]);
  assert.deepEqual(await partsWith({ DEMO_PAGE: '0', DEMO_CONTROLS: '1' }), [7, ['/demo/unshared']]);
});

test('docs/guides/operate.md names each warning and error that the demonstration logs', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/operate.md'), 'utf8');
  const logged = globSync('*.ts', { cwd: import.meta.dirname })
    .filter((name) => !name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(
        /\blog\('(?:warn|error)',\s*'(.*?)'/g,
      ),
    ])
    .map(([, message]) => message);
  const [, section] = page.split('\n## Faults on demand\n');
  const named = [...section!.matchAll(/^- `([^`]+)`: /gm)].map(([, message]) => message!);
  assert.deepEqual([...new Set(logged)].sort(), named.sort());
});
