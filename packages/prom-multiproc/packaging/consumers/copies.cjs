// Loads two copies of the library, as a bundle and a preload do, and shares one registry through both.
const client = require('prom-client');

const first = require('prom-multiproc');
for (const file of Object.keys(require.cache)) {
  if (/[\\/]prom-multiproc[\\/]/.test(file)) delete require.cache[file];
}
const second = require('prom-multiproc');

async function main() {
  const early = new client.Counter({ name: 'early_total', help: 'x' });
  first.share(client.register);
  early.inc();
  second.share(client.register);
  early.inc();
  const late = new client.Counter({ name: 'late_total', help: 'x' });
  late.inc(3);
  const own = new client.Registry();
  second.share(own);
  new client.Counter({ name: 'own_total', help: 'x', registers: [own] }).inc(4);
  const merged = await client.Registry.merge([client.register, own]).metrics();
  console.log(
    JSON.stringify({
      copies: first.share !== second.share,
      slots: [first.takeSlot(), second.takeSlot()],
      text: await client.register.metrics(),
      merged,
    }),
  );
}

main();
