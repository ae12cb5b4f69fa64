// Runs the programs that it is sent, one after the other in one global scope, and answers with the value of each: see
// fork-shared.ts.
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
