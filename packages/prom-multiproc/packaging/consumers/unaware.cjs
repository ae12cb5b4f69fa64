// An application without prom-multiproc; the test preloads it.
const client = require('prom-client');

new client.Counter({ name: 'plain_total', help: 'x' }).inc();
client.register.metrics().then((text) => process.stdout.write(text));
