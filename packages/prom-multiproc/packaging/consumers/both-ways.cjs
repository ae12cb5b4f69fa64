// Loads the package by require() and import, counts through both, and prints both pages.
const client = require('prom-client');
const required = require('prom-multiproc');
const { clearDirectory } = require('prom-multiproc/clear-directory');

async function main() {
  await clearDirectory(process.env.PROMETHEUS_MULTIPROC_DIR, { waitMs: 0 });
  const imported = await import('prom-multiproc');
  const cleared = await import('prom-multiproc/clear-directory');
  const one = new client.Registry();
  const other = new client.Registry();
  required.share(one);
  imported.share(other);
  imported.share(one);
  new client.Counter({ name: 'required_total', help: 'x', registers: [one] }).inc(2);
  new client.Counter({ name: 'imported_total', help: 'x', registers: [other] }).inc(3);
  const reader = new imported.Reader(process.env.PROMETHEUS_MULTIPROC_DIR);
  console.log(
    JSON.stringify({
      names: { required: Object.keys(required).sort(), imported: Object.keys(imported).sort() },
      same:
        Object.keys(imported).every((name) => imported[name] === required[name]) &&
        cleared.clearDirectory === clearDirectory,
      slots: reader.slots().length,
      one: await one.metrics(),
      other: await other.metrics(),
    }),
  );
}

main();
