// Runs each program that it receives in the same global scope and sends back its value. Started by fork-shared.ts.
const { runInThisContext } = require('node:vm');
const client = require('prom-client');
const library = require('../../src/index.ts');

Object.assign(globalThis, { client, require, ...client, ...library });

process.on('message', async (program) => {
  try {
    process.send({ value: await runInThisContext(program) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on('disconnect', () => process.exit());
