// jest reloads modules in the middle of a test file.
function load() {
  const client = require('prom-client');
  const { share, takeSlot } = require('prom-multiproc');
  share(client.register);
  return { client, share, slot: takeSlot() };
}

test('counts once, in one slot', async () => {
  const first = load();
  new first.client.Counter({ name: 'first_total', help: 'x' }).inc();
  jest.resetModules();
  const second = load();
  expect(second.share).not.toBe(first.share);
  expect(second.slot).toBe(first.slot);
  new second.client.Counter({ name: 'second_total', help: 'x' }).inc();
  const text = await second.client.register.metrics();
  console.log(`slot ${second.slot}\n${text}`);
});
