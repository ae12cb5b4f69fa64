// vitest reloads modules in the middle of a test file. Modules in node_modules stay loaded unless they are inlined.
import { expect, test, vi } from 'vitest';

async function load() {
  const { default: client } = await import('prom-client');
  const { share, takeSlot } = await import('prom-multiproc');
  share(client.register);
  return { client, slot: takeSlot() };
}

test('counts once, in one slot', async () => {
  const first = await load();
  new first.client.Counter({ name: 'first_total', help: 'x' }).inc();
  vi.resetModules();
  const second = await load();
  expect(second.slot).toBe(first.slot);
  new second.client.Counter({ name: 'second_total', help: 'x' }).inc();
  const text = await second.client.register.metrics();
  console.log(`slot ${second.slot}\n${text}`);
});
