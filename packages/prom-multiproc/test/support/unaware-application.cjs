// A CommonJS application that uses prom-client and whose code does not import this library.
const { Counter, Histogram, Registry, register } = require('prom-client');

const own = new Registry();
new Counter({ name: 'global_total', help: 'x' }).inc();
new Counter({ name: 'first_total', help: 'x', registers: [own] }).inc();
new Counter({ name: 'second_total', help: 'x', registers: [own] }).inc();
new Histogram({ name: 'both', help: 'x', registers: [own, register] }).observe(1);
Promise.all([register.metrics(), own.metrics()]).then((texts) => process.stdout.write(JSON.stringify(texts)));
