import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Registry } from 'prom-client';
import { createUnshared } from './unshared-counter.ts';

test('the unshared registry shows metrics of the app only if the app shares none', async () => {
  const app = new Registry();
  new Counter({ name: 'of_the_app_total', help: 'x', registers: [app] }).inc(3);
  assert.doesNotMatch(await createUnshared().text(), /of_the_app_total/);
  const both = await createUnshared(app).text();
  assert.match(both, /^demo_unshared_requests_total 0$/m);
  assert.match(both, /^of_the_app_total 3$/m);
});
