// An application that uses both clients, like one with a dependency that brings the other. Calls share() if SHARE is 1.
const { Counter, register } = require('@prometheus-io/client');
const other = require('prom-client');

if (process.env.SHARE === '1') require('../../src/index.ts').share();
new Counter({ name: 'own_total', help: 'x' }).inc();
new other.Counter({ name: 'library_total', help: 'x' }).inc();
Promise.all([register.metrics(), other.register.metrics()]).then((texts) =>
  console.log(JSON.stringify(texts)),
);
