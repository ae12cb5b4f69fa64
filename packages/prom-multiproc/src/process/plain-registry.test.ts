import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import client from 'prom-client';
import { plainText } from './plain-registry.ts';

test('the warning about a registry that hangs names the limit of a whole registry', async () => {
  process.env.PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS = '10';
  const register = new client.Registry();
  register.metrics = () => new Promise(() => {});
  const warned = once(process, 'warning');
  const limit = 'twice the limit of PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS or collectTimeoutMs';
  await assert.rejects(plainText(register, undefined), new RegExp(`took more than 20 ms, ${limit}$`));
  const [{ message }] = await warned;
  assert.ok(message.includes(`failed: did not complete within 20 ms, ${limit}; `), message);
});
